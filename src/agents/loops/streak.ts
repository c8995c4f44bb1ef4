import type { LoopKind } from '../../core/event.ts';
import type { Round } from './round.ts';

/** How far the rounds of a conversation go in one kind of circle, up to the last one. */
export interface Streak {
  readonly kind: LoopKind;
  /** Rounds in the circle; periods, for a `cycle`. */
  readonly count: number;
  /** Names what is repeated: equal for equal loops. */
  readonly fingerprint: string;
  readonly tools: string;
  /** Index of its first round and of its last one. */
  readonly first: number;
  readonly last: number;
  /** The tool is there to be asked again and again. */
  readonly polling: boolean;
}

/** Looks for one kind of circle in rounds, the oldest first; undefined if the last one goes in none. */
export type Detector = (rounds: readonly Round[]) => Streak | undefined;

/** The streak of the last rounds that `continues` holds for, each with the one before; undefined if there are fewer than two. */
export function trailing(
  kind: LoopKind,
  rounds: readonly Round[],
  continues: (round: Round, before: Round) => boolean,
  fingerprintOf: (round: Round) => string,
): Streak | undefined {
  const last = rounds.at(-1);
  if (!last) return undefined;
  let at = rounds.length - 1;
  for (; at > 0; at -= 1) {
    const [before, round] = [rounds[at - 1], rounds[at]];
    if (!before || !round || !continues(round, before)) break;
  }
  const count = rounds.length - at;
  if (count < 2) return undefined;
  const first = rounds[at]?.index ?? last.index;
  return { kind, count, fingerprint: fingerprintOf(last), tools: last.tools, first, last: last.index, polling: last.polling };
}
