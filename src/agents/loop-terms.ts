import type { Clock } from '../core/clock.ts';
import type { Agent } from '../core/exchange.ts';
import type { LoopDetectionSettings } from '../settings/loop-detection.ts';
import type { LoopResponse } from './loop-response.ts';
import type { LoopSurroundings } from './loop-surroundings.ts';
import { type Finding, judgeRounds } from './loops/judge-rounds.ts';
import type { Round } from './loops/round.ts';
import type { ToolRules } from './loops/round-reader.ts';

/** What the loops of one route are judged by and answered with, in calls of models and of tools alike. */
export interface LoopTerms {
  readonly settings: LoopDetectionSettings;
  readonly rules: ToolRules;
  readonly surroundings: LoopSurroundings;
  readonly clock: Clock;
  readonly response: LoopResponse;
}

/** What is found in the rounds that came after the agent was let go on last. */
export function judgeSinceRelease(
  { settings, surroundings }: LoopTerms,
  { name, principal = '' }: Agent,
  rounds: readonly Round[],
): Finding[] {
  const release = surroundings.agents.releaseOf(name, principal);
  const finding = judgeRounds(
    rounds.filter((round) => round.atMs > release.atMs && !release.isPast(round, rounds)),
    settings,
    release.loops,
  );
  return finding ? [finding] : [];
}
