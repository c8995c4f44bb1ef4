import { z } from 'zod';
import type { Handler } from '../core/exchange.ts';
import { type Policy, type PolicyContext, stack } from '../core/policy.ts';
import { type LoopDetectionSettings, loopDetectionSettings } from '../settings/loop-detection.ts';
import type { ToolRules } from '../settings/tool-rules.ts';
import { duration } from '../settings/units.ts';
import { bulkheadSettings, createBulkhead } from './bulkhead.ts';
import { type CachePlace, cacheSettings, createCache } from './cache.ts';
import { chaosSettings } from './chaos/settings.ts';
import { createChaos } from './chaos.ts';
import { circuitBreakerSettings, createCircuitBreaker } from './circuit-breaker.ts';
import { createDeadline } from './deadline.ts';
import { createDegrade, degradeSettings } from './degrade.ts';
import { createModelWatch } from './fallback/watch-models.ts';
import { fallbackWays } from './fallback/ways.ts';
import { createFallback, type FallbackSettings, type FallbackSurroundings, fallbackSettings } from './fallback.ts';
import { createGate } from './gate.ts';
import { createGuarded } from './guarded.ts';
import { createRetry, retrySettings } from './retry.ts';
import { createTimeout, type TimeoutSettings, timeoutSettings } from './timeout.ts';
import { createMinimumRate } from './timeout-rate.ts';
import { createToolLearning } from './tool-learning.ts';
import { createToolSafety } from './tool-safety.ts';
import { createValidate, validateSettings } from './validate.ts';

/** A policy set as the configuration names it: a policy that it does not name does not act. */
export const policySet = z.strictObject({
  /** Of a whole call up to commit: attempts, waits, queueing and fallbacks share it. */
  deadline: duration.optional(),
  timeout: timeoutSettings.optional(),
  retry: retrySettings.optional(),
  circuitBreaker: circuitBreakerSettings.optional(),
  bulkhead: bulkheadSettings.optional(),
  fallback: fallbackSettings.optional(),
  cache: cacheSettings.optional(),
  degrade: degradeSettings.optional(),
  loopDetection: loopDetectionSettings.optional(),
  validate: validateSettings.optional(),
  chaos: chaosSettings.optional(),
});

export { createRoute } from './route.ts';

export type PolicySet = z.output<typeof policySet>;

/** Policies in their order with the handler that runs them. */
export interface Stack {
  policies: readonly Policy[];
  run: Handler;
}

/** What an agent stack must know beside its settings. */
export interface AgentStackPlace extends CachePlace {
  /** The route's own upstream. */
  readonly home: string;
  readonly dialectOf: FallbackSurroundings['dialectOf'];
  readonly translate: FallbackSurroundings['translate'];
  /** What the configuration says of the tools of the route's own upstream; undefined where it can have none. */
  readonly tools: ToolRules | undefined;
  /** Learns what the programs of callers call themselves; undefined where the wire format has no sessions that tell. */
  readonly clientNames: Policy | undefined;
  /** Refuses the calls of agents that are paused. */
  readonly pause: Policy;
  readonly loopDetection: (settings: LoopDetectionSettings) => Policy;
  /** The stack of an upstream, with this timeout in place of the set's. */
  readonly attempts: (upstream: string, timeout: TimeoutSettings | undefined) => Handler;
}

/** What runs once a call, outermost first, around the handler that leads to the route's own upstream. */
export function agentStack(set: PolicySet, place: AgentStackPlace, context: PolicyContext, route: Handler): Stack {
  const policies = [
    createGuarded(),
    // Answers in words whatever the rest has come to, a spent deadline included.
    set.degrade && createDegrade(set.degrade, place, context),
    // Whatever the set: a person may stop an agent wherever it calls.
    place.pause,
    place.clientNames,
    set.loopDetection && place.loopDetection(set.loopDetection),
    // Outside the deadline: an answer that is stored can still be given when the time is spent.
    set.cache && createCache(set.cache, place, context),
    set.deadline !== undefined && createDeadline(set.deadline, context),
    // Around all that may send a call again.
    place.tools && resends(set) && createToolSafety(place.tools, place.home, context),
    set.fallback && createFallback(set.fallback, surroundingsOf(set, set.fallback, place, context), context),
    // Outside the breaker: every attempt counts there, and an open one ends the retries.
    set.retry && createRetry(set.retry, context, { breaks: breaks(set) }),
    // Innermost: each attempt counts by itself.
    set.fallback && createModelWatch(context),
  ].filter((policy) => policy !== undefined && policy !== false);
  return { policies, run: stack(policies, route) };
}

/** What an upstream stack must know beside its settings. */
export interface UpstreamStackPlace {
  readonly upstream: string;
  /** Those that the configuration names. */
  readonly models: readonly string[];
  /** Whether it may have tools that tell what they do. */
  readonly hasTools: boolean;
}

/** What runs once an attempt, outermost first, around the handler that sends it. */
export function upstreamStack(
  set: PolicySet,
  { upstream, models, hasTools }: UpstreamStackPlace,
  context: PolicyContext,
  send: Handler,
): Stack {
  const policies = [
    hasTools && resends(set) && createToolLearning(upstream, context),
    set.circuitBreaker && createCircuitBreaker(set.circuitBreaker, upstream, context, models),
    // Inside retry and breaker: no place is held during a backoff.
    set.bulkhead && createBulkhead(set.bulkhead, upstream, context),
    set.timeout && createTimeout(set.timeout, context),
    // Sees what the gate took for good.
    set.validate && createValidate(set.validate),
    createGate({ holds: needsVerdict(set) }, context),
    set.timeout && minimumRate(set.timeout, context),
    // Behind the gate: injected faults are judged like real ones.
    set.chaos?.enabled && createChaos(set.chaos, upstream, context),
  ].filter((policy) => policy !== undefined && policy !== false);
  return { policies, run: stack(policies, send) };
}

/** Behind the gate, which reads an answer as fast as it comes for as long as it waits for all of it. */
function minimumRate({ minimumRate, observe }: TimeoutSettings, context: PolicyContext): Policy | undefined {
  return minimumRate === undefined ? undefined : createMinimumRate({ minimumRate, observe }, context);
}

/** Whether a policy may send a call again. */
function resends({ retry, fallback }: PolicySet): boolean {
  return retry !== undefined || fallback !== undefined;
}

/** Whether a policy must know what an answer is worth before it is committed. */
export function needsVerdict({ retry, circuitBreaker, fallback, cache, degrade, validate }: PolicySet): boolean {
  return [retry, circuitBreaker, fallback, cache, degrade, validate].some((settings) => settings !== undefined);
}

function surroundingsOf(
  set: PolicySet,
  entries: FallbackSettings,
  { home, dialectOf, translate, attempts }: AgentStackPlace,
  context: PolicyContext,
): FallbackSurroundings {
  const acts = breaks(set);
  return { home, dialectOf, translate, breaks: acts, ways: fallbackWays(entries, home, { ...set, breaks: acts }, context, attempts) };
}

/** Whether there is a breaker that acts. */
function breaks({ circuitBreaker }: PolicySet): boolean {
  return circuitBreaker !== undefined && !circuitBreaker.observe;
}
