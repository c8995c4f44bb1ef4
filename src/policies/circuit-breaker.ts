import { z } from 'zod';
import { count, duration, share } from '../settings/units.ts';
import { verdictList } from '../settings/verdicts.ts';

export const circuitBreakerSettings = z.strictObject({
  /** In a row. */
  failures: count.default(5),
  /** Of at least `minimum` calls in the sliding `window`. */
  ratio: share.prefault('50%'),
  window: duration.prefault('30s'),
  minimum: count.default(20),
  cooldown: duration.prefault('30s'),
  cooldownMax: duration.prefault('5m'),
  /** Calls let through at a time while half-open. */
  probes: count.default(3),
  per: z.enum(['upstream', 'model']).default('upstream'),
  on: verdictList.default(['overloaded', 'server-error', 'network', 'timeout']),
  observe: z.boolean().default(false),
});

export type CircuitBreakerSettings = z.output<typeof circuitBreakerSettings>;
