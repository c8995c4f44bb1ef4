import { interleavedAmong } from '../../settings/loop-detection.ts';
import type { Round } from './round.ts';
import type { Detector } from './streak.ts';

/** The last action with its result, again and again with others between, none of which has changed anything. */
export const interleaved: Detector = (rounds) => {
  const last = rounds.at(-1);
  if (!last || last.tools === '' || last.mutating) return undefined;
  const since = rounds.slice(afterLastChange(rounds));
  const equal = since.filter(({ action, result }) => action === last.action && result === last.result);
  if (equal.length < 2) return undefined;
  return {
    kind: 'interleaved',
    count: equal.length,
    fingerprint: `${last.action} ${last.result}`,
    tools: last.tools,
    first: equal[0]?.index ?? last.index,
    last: last.index,
    polling: last.polling,
  };
};

/** Running a test again after an edit is work, not a loop. */
function afterLastChange(rounds: readonly Round[]): number {
  const from = Math.max(0, rounds.length - interleavedAmong);
  return Math.max(from, rounds.findLastIndex(({ mutating }) => mutating) + 1);
}
