import type { Replayed } from './replay.ts';
import type { Trajectory } from './trajectories.ts';

/** A loop has to be acted on within so many rounds of its start, or of periods for a cycle. */
const roundsAllowed = 6;
const periodsAllowed = 3;

type Label = Trajectory['mech_label']['label'];
interface Row {
  runs: number;
  warned: number;
  paused: number;
}

/** How what was found compares with the labels and with the rewards of runs. */
export class Score {
  readonly #rows: Record<Label, Row> = { clean: empty(), loop: empty(), ambiguous: empty() };
  readonly #roundsToAct: number[] = [];
  readonly #microseconds: number[] = [];
  readonly #oddities: string[] = [];
  #inTime = 0;
  #rewarded = 0;
  #better = 0;

  add(run: Trajectory, { warnedAt, pausedAt, kind, microseconds }: Replayed): void {
    const { label, start } = run.mech_label;
    const row = this.#rows[label];
    row.runs += 1;
    if (pausedAt !== undefined) row.paused += 1;
    else if (warnedAt !== undefined) row.warned += 1;
    for (const one of microseconds) this.#microseconds.push(one);
    if (label === 'loop') this.#judgeLoop(run, pausedAt);
    if (label === 'clean' && pausedAt !== undefined) this.#oddities.push(`${run.id}: clean, paused at step ${pausedAt} for ${kind}`);
    if (pausedAt === undefined) return;
    const rewards = run.steps.map(({ reward }) => reward ?? undefined);
    if (rewards.some((reward) => reward === undefined)) return;
    this.#rewarded += 1;
    const best = Math.max(...run.steps.slice(0, pausedAt + 1).map(({ reward }) => reward ?? 0));
    if (run.steps.slice(pausedAt + 1).some(({ reward }) => (reward ?? 0) > best)) {
      this.#better += 1;
      this.#oddities.push(`${run.id}: paused at step ${pausedAt} for ${kind}, a better reward came later (label ${label}, from ${start})`);
    }
  }

  /** The figures, as Markdown. */
  table(title: string): string {
    const { clean, loop, ambiguous } = this.#rows;
    const rows = Object.entries({ clean, loop, ambiguous }).map(
      ([label, { runs, warned, paused }]) => `| ${label} | ${runs} | ${runs - warned - paused} | ${warned} | ${paused} |`,
    );
    return [
      `\n### ${title}\n`,
      '| label | runs | nothing | warned | paused |',
      '|---|---|---|---|---|',
      ...rows,
      '',
      `- loops acted on in time: ${this.#inTime} of ${loop.runs} (${percent(this.#inTime, loop.runs)}); rounds from start to action: median ${median(this.#roundsToAct)}, most ${Math.max(0, ...this.#roundsToAct)}`,
      `- pauses followed by a better reward: ${this.#better} of ${this.#rewarded} (${percent(this.#better, this.#rewarded)})`,
      `- check of a request, body read: p50 ${at(this.#microseconds, 0.5)} µs, p99 ${at(this.#microseconds, 0.99)} µs`,
      '',
    ].join('\n');
  }

  /** What was judged otherwise than labels and rewards say, a line each. */
  oddities(): string {
    return this.#oddities.map((line) => `- ${line}\n`).join('');
  }

  #judgeLoop(run: Trajectory, pausedAt: number | undefined): void {
    const { start, kind } = run.mech_label;
    if (pausedAt === undefined) {
      this.#oddities.push(`${run.id}: a loop (${kind} from ${start}) that was not paused`);
      return;
    }
    const rounds = pausedAt - (start ?? 0) + 1;
    this.#roundsToAct.push(rounds);
    const period = Number(/^cycle(\d)$/.exec(kind ?? '')?.[1] ?? 0);
    if (rounds <= Math.max(roundsAllowed, period * periodsAllowed)) this.#inTime += 1;
    else this.#oddities.push(`${run.id}: a loop (${kind} from ${start}) that was paused late, after ${rounds} rounds`);
  }
}

function empty(): Row {
  return { runs: 0, warned: 0, paused: 0 };
}

function percent(part: number, whole: number): string {
  return whole === 0 ? 'none' : `${((part / whole) * 100).toFixed(1)} %`;
}

function median(values: readonly number[]): string {
  return values.length === 0 ? 'none' : String(at(values, 0.5));
}

function at(values: readonly number[], quantile: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? 0;
  return value.toFixed(Number.isInteger(value) ? 0 : 1);
}
