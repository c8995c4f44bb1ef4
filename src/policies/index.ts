import { z } from 'zod';
import { duration } from '../settings/units.ts';
import { bulkheadSettings } from './bulkhead.ts';
import { circuitBreakerSettings } from './circuit-breaker.ts';
import { retrySettings } from './retry.ts';
import { timeoutSettings } from './timeout.ts';

/** A policy set as the configuration names it: a policy that it does not name does not act. */
export const policySet = z.strictObject({
  /** Of a whole call up to commit: attempts, waits, queueing and fallbacks share it. */
  deadline: duration.optional(),
  timeout: timeoutSettings.optional(),
  retry: retrySettings.optional(),
  circuitBreaker: circuitBreakerSettings.optional(),
  bulkhead: bulkheadSettings.optional(),
});

export type PolicySet = z.output<typeof policySet>;
