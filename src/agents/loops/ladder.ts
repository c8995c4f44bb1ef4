import type { LoopDetectionSettings } from '../../settings/loop-detection.ts';
import type { Finding } from './judge-rounds.ts';

export type Step = LoopDetectionSettings['action'];

/** What was told of the loops of one conversation, by kind and fingerprint. */
export type Told = Map<string, { step: Step; count: number }>;

/** The graver, the higher. */
export const rank: Readonly<Record<Step, number>> = { warn: 0, nudge: 1, pause: 2 };

/** Loops of one conversation that are remembered. */
const remembered = 32;

/**
 * The step to take for a finding; undefined if it was taken already. Each step is taken once for a loop, and again when the
 * loop has grown to twice its length: a note alone does not stop every model. A pause is taken whenever it comes to one.
 */
export function climb({ kind, fingerprint, level, count }: Finding, action: Step, told: Told): Step | undefined {
  const step = level === 'act' ? action : 'warn';
  const name = `${kind} ${fingerprint}`;
  const before = told.get(name);
  if (before && step !== 'pause' && rank[step] <= rank[before.step] && count < before.count * 2) return undefined;
  told.delete(name);
  told.set(name, { step, count });
  const [oldest] = told.keys();
  if (told.size > remembered && oldest !== undefined) told.delete(oldest);
  return step;
}
