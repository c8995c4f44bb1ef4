import { z } from 'zod';
import { count, duration, share } from '../settings/units.ts';
import { verdictList } from '../settings/verdicts.ts';

export const retrySettings = z.strictObject({
  /** In all, per target, the first one included. */
  attempts: count.max(10).default(3),
  on: verdictList.default(['rate-limited', 'overloaded', 'server-error', 'network', 'timeout']),
  backoff: z
    .strictObject({
      strategy: z.enum(['exponential']).default('exponential'),
      base: duration.prefault('500ms'),
      max: duration.prefault('20s'),
      multiplier: z.number().min(1).max(10).default(2),
      jitter: z.enum(['none', 'equal', 'full']).default('full'),
    })
    .prefault({}),
  retryAfter: z.strictObject({ respect: z.boolean().default(true), max: duration.prefault('60s') }).prefault({}),
  budget: z.strictObject({ ratio: share.prefault('20%'), minimum: z.int().min(0).default(10) }).prefault({}),
  observe: z.boolean().default(false),
});

export type RetrySettings = z.output<typeof retrySettings>;
