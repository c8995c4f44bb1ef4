import { z } from 'zod';
import type { Handler } from '../core/exchange.ts';
import { type Policy, type PolicyContext, stack } from '../core/policy.ts';
import { duration } from '../settings/units.ts';
import { bulkheadSettings, createBulkhead } from './bulkhead.ts';
import { circuitBreakerSettings, createCircuitBreaker } from './circuit-breaker.ts';
import { createDeadline } from './deadline.ts';
import { createGate } from './gate.ts';
import { createGuarded } from './guarded.ts';
import { createRetry, retrySettings } from './retry.ts';
import { createTimeout, timeoutSettings } from './timeout.ts';

/** A policy set as the configuration names it: a policy that it does not name does not act. */
export const policySet = z.strictObject({
  /** Of a whole call up to commit: attempts, waits, queueing and fallbacks share it. */
  deadline: duration.optional(),
  timeout: timeoutSettings.optional(),
  retry: retrySettings.optional(),
  circuitBreaker: circuitBreakerSettings.optional(),
  bulkhead: bulkheadSettings.optional(),
});

export { createRoute } from './route.ts';

export type PolicySet = z.output<typeof policySet>;

/** Policies in their order with the handler that runs them. */
export interface Stack {
  policies: readonly Policy[];
  run: Handler;
}

/** What runs once a call, outermost first, around the handler that picks the upstream. */
export function agentStack(set: PolicySet, context: PolicyContext, route: Handler): Stack {
  const policies = [
    createGuarded(),
    set.deadline !== undefined && createDeadline(set.deadline, context),
    // Outside the breaker: every attempt counts there, and an open one ends the retries.
    set.retry && createRetry(set.retry, context),
  ].filter((policy) => policy !== undefined && policy !== false);
  return { policies, run: stack(policies, route) };
}

/** What runs once an attempt, outermost first, around the handler that sends it. `models` are those that the configuration names. */
export function upstreamStack(set: PolicySet, upstream: string, models: readonly string[], context: PolicyContext, send: Handler): Stack {
  const policies = [
    set.circuitBreaker && createCircuitBreaker(set.circuitBreaker, upstream, context, models),
    // Inside retry and breaker: no place is held during a backoff.
    set.bulkhead && createBulkhead(set.bulkhead, upstream, context),
    set.timeout && createTimeout(set.timeout, context),
    // Holds an answer back only where somebody needs its verdict before it is committed.
    createGate({ holds: set.retry !== undefined || set.circuitBreaker !== undefined }, context),
  ].filter((policy) => policy !== undefined);
  return { policies, run: stack(policies, send) };
}
