import { z } from 'zod';
import { duration } from '../../settings/units.ts';
import { exponential } from './exponential.ts';
import { type Jitter, jitters } from './jitter.ts';

/** How a wait grows: milliseconds before the first, second, … retry, counted from 1, before the cap and jitter. */
export type Curve = (settings: BackoffSettings, retry: number) => number;

/** Waits in milliseconds before the first, second, … retry, counted from 1. */
export type Backoff = (retry: number) => number;

export const backoffSettings = z.strictObject({
  strategy: z.enum(['exponential']).default('exponential'),
  base: duration.prefault('500ms'),
  /** No computed wait is longer. */
  max: duration.prefault('20s'),
  multiplier: z.number().min(1).max(10).default(2),
  jitter: z.enum(['none', 'equal', 'full'] satisfies Jitter[]).default('full'),
});

export type BackoffSettings = z.output<typeof backoffSettings>;

const curves: Record<BackoffSettings['strategy'], Curve> = { exponential };

/** The wait that the settings ask for: the strategy's curve, capped at `max`, then spread by jitter. */
export function createBackoff(settings: BackoffSettings, random: () => number): Backoff {
  const curve = curves[settings.strategy];
  const spread = jitters[settings.jitter];
  return (retry) => spread(Math.min(curve(settings, retry), settings.max), random);
}
