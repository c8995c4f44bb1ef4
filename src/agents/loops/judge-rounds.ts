import type { LoopKind } from '../../core/event.ts';
import type { LoopDetectionSettings } from '../../settings/loop-detection.ts';
import { cycle } from './cycle.ts';
import { error } from './error.ts';
import { interleaved } from './interleaved.ts';
import { monologue } from './monologue.ts';
import { nearRepeat } from './near-repeat.ts';
import { repeat } from './repeat.ts';
import type { Round } from './round.ts';
import { stagnation } from './stagnation.ts';
import type { Detector, Streak } from './streak.ts';

/** What a streak comes to by the thresholds. */
export interface Finding extends Streak {
  readonly level: 'warn' | 'act';
}

type Thresholds = Pick<LoopDetectionSettings, 'kinds' | 'window'>;
type RoundKind = Exclude<LoopKind, 'storm' | 'stream' | 'cap'>;

/** The surest signs first. */
const detectors: readonly Detector[] = [repeat, nearRepeat, cycle, error, monologue, interleaved, stagnation];

/**
 * The strongest finding in the rounds of a conversation, oldest first: one to act on before one to tell, and the surer kind
 * before the other. Loops with a fingerprint in `known` have been let go on before, and are given half of the rounds.
 */
export function judgeRounds(rounds: readonly Round[], { kinds, window }: Thresholds, known: ReadonlySet<string>): Finding | undefined {
  const recent = rounds.slice(afterGap(rounds, window));
  let told: Finding | undefined;
  for (const detect of detectors) {
    const streak = detect(recent);
    if (!streak) continue;
    const level = levelOf(streak, kinds, known.has(streak.fingerprint));
    if (level === 'act') return { ...streak, level };
    if (level === 'warn') told ??= { ...streak, level };
  }
  return told;
}

function levelOf(streak: Streak, kinds: LoopDetectionSettings['kinds'], known: boolean): 'warn' | 'act' | undefined {
  const kind = streak.kind as RoundKind;
  const own = kinds[kind];
  const { warn, act }: { warn: number; act?: number } = streak.polling ? ('act' in own ? kinds.poll : { warn: kinds.poll.warn }) : own;
  if (act !== undefined && streak.count >= halved(act, known)) return 'act';
  return streak.count >= halved(warn, known) ? 'warn' : undefined;
}

function halved(threshold: number, known: boolean): number {
  return known ? Math.max(2, Math.ceil(threshold / 2)) : threshold;
}

/** The index of the first round that belongs to the last one: no two between them are further apart than the window. */
function afterGap(rounds: readonly Round[], windowMs: number): number {
  for (let at = rounds.length - 1; at > 0; at -= 1) {
    const [before, round] = [rounds[at - 1], rounds[at]];
    if (before && round && round.atMs - before.atMs > windowMs) return at;
  }
  return 0;
}
