import { z } from 'zod';
import { duration } from '../../settings/units.ts';
import { adaptive } from './adaptive.ts';
import { exponential } from './exponential.ts';
import { fibonacci } from './fibonacci.ts';
import { fixed } from './fixed.ts';
import { type Jitter, jitters } from './jitter.ts';
import { linear } from './linear.ts';

/**
 * How a wait grows: milliseconds before the first, second, … retry, counted from 1, before the cap and jitter.
 * `helpedShare` is how often retries have helped lately, as a fraction of 1.
 */
export type Curve = (settings: BackoffSettings, retry: number, helpedShare: number) => number;

/** Waits in milliseconds before the first, second, … retry, counted from 1. Where nothing was learned, half of them helped. */
export type Backoff = (retry: number, helpedShare?: number) => number;

export const backoffSettings = z.strictObject({
  strategy: z.enum(['fixed', 'linear', 'exponential', 'fibonacci', 'adaptive']).default('exponential'),
  base: duration.prefault('500ms'),
  /** No computed wait is longer. */
  max: duration.prefault('20s'),
  /** Of the exponential and the adaptive strategy. */
  multiplier: z.number().min(1).max(10).default(2),
  jitter: z.enum(['none', 'equal', 'full'] satisfies Jitter[]).default('full'),
});

export type BackoffSettings = z.output<typeof backoffSettings>;

const curves: Record<BackoffSettings['strategy'], Curve> = { fixed, linear, exponential, fibonacci, adaptive };

/** The wait that the settings ask for: the strategy's curve, capped at `max`, then spread by jitter. */
export function createBackoff(settings: BackoffSettings, random: () => number): Backoff {
  const curve = curves[settings.strategy];
  const spread = jitters[settings.jitter];
  return (retry, helpedShare = 0.5) => spread(Math.min(curve(settings, retry, helpedShare), settings.max), random);
}
