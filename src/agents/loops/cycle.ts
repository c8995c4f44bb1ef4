import type { Round } from './round.ts';
import type { Detector, Streak } from './streak.ts';

const longestPeriod = 5;

/** Two to five different rounds, one after the other, again and again with equal results. Counts whole periods. */
export const cycle: Detector = (rounds) => {
  for (let period = 2; period <= longestPeriod; period += 1) {
    const found = ofPeriod(rounds, period);
    if (found) return found;
  }
  return undefined;
};

function ofPeriod(rounds: readonly Round[], period: number): Streak | undefined {
  let matched = 0;
  while (same(rounds.at(-1 - matched), rounds.at(-1 - matched - period))) matched += 1;
  const count = Math.floor(matched / period) + 1;
  const last = rounds.at(-1);
  if (count < 2 || !last) return undefined;
  const inPeriod = rounds.slice(-period);
  // A run of equal rounds is a repeat, of any period.
  if (inPeriod.every((round) => same(round, last))) return undefined;
  const names = inPeriod.map(({ action, result }) => `${action} ${result}`);
  return {
    kind: 'cycle',
    count,
    // The same circle, wherever it was entered.
    fingerprint: names.sort().join(),
    tools: [...new Set(inPeriod.map(({ tools }) => tools))].sort().join(),
    first: last.index - (count * period - 1),
    last: last.index,
    polling: inPeriod.every(({ polling }) => polling),
  };
}

function same(a: Round | undefined, b: Round | undefined): boolean {
  return a !== undefined && b !== undefined && a.tools !== '' && a.action === b.action && a.result === b.result;
}
