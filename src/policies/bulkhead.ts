import { z } from 'zod';
import type { Exchange } from '../core/exchange.ts';
import { abortedFailure, failure } from '../core/failure.ts';
import { type Failure, type Outcome, onEnded } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import { count, duration, share } from '../settings/units.ts';
import { learnLoad } from './bulkhead-learning.ts';
import { type NoRoom, placesOf } from './places.ts';

export const bulkheadSettings = z.strictObject({
  /** Calls at a time; a place is held until the body has ended. */
  concurrent: count.default(256),
  /** Calls that may wait for a place, first come first served. */
  queue: z.int().min(0).default(256),
  /** The longest wait. */
  wait: duration.prefault('10s'),
  /** Fewer calls at a time than `concurrent` where the upstream is overloaded or answers more slowly than usual. */
  adaptive: z.boolean().default(false),
  /** The part of places and queue that one agent may take, and one of each at the least; all unless set. */
  perAgent: share.optional(),
  observe: z.boolean().default(false),
});

export type BulkheadSettings = z.output<typeof bulkheadSettings>;

/** Nobody knows when a place is free; a second is the least that Retry-After can say. */
const retryAfterMs = 1000;

/**
 * Lets a limited number of attempts at an upstream run at a time, and as many wait for a limited time. A place is held
 * until the body or the tunnel has ended; standing streams give theirs back when they are handed up. The settings that a
 * policy was last made with are in force for every stack of the upstream. In observe mode nobody waits; what would wait
 * is noted with a wait of 0.
 */
export function createBulkhead(settings: BulkheadSettings, upstream: string, context: PolicyContext): Policy {
  const { clock } = context;
  const places = placesOf(context, upstream);
  places.limit(settings);
  const freeAny = () => places.free();

  /** Why the call got no place; undefined with a place. */
  const queue = async (exchange: Exchange, agent: string | undefined): Promise<Failure | undefined> => {
    const { attempt } = exchange;
    const noRoom = places.noRoom(agent);
    if (noRoom) {
      exchange.note({ kind: 'bulkhead-rejected', attempt, upstream, reason: noRoom });
      return full(upstream, noRoom, 'and so is the queue');
    }
    const since = clock.now();
    const waited = await places.wait(exchange, settings.wait, agent);
    if (waited === 'waited out') {
      const reason = places.hasShare(agent) ? 'share' : 'wait';
      exchange.note({ kind: 'bulkhead-rejected', attempt, upstream, reason });
      return full(upstream, reason, `and none was free within ${settings.wait} ms`);
    }
    if (waited) return waited;
    // The outcome that freed the place reaches the breaker one turn later, and may open the circuit.
    await Promise.resolve();
    const late = exchange.signal.aborted ? abortedFailure(exchange.signal, 'no') : exchange.admission?.refusal();
    if (late) places.free(agent);
    else exchange.note({ kind: 'bulkhead-waited', attempt, upstream, waitMs: clock.now() - since });
    return late;
  };

  const observe = (exchange: Exchange, agent: string | undefined): undefined => {
    const { attempt } = exchange;
    const noRoom = places.takeAnyway(agent);
    const event = noRoom
      ? ({ kind: 'bulkhead-rejected', attempt, upstream, reason: noRoom } as const)
      : ({ kind: 'bulkhead-waited', attempt, upstream, waitMs: 0 } as const);
    exchange.note({ kind: 'would', attempt, event });
  };

  return {
    name: 'bulkhead',
    async run(exchange, next) {
      const agent = settings.perAgent === undefined ? undefined : exchange.agent.name;
      const free = agent === undefined ? freeAny : () => places.free(agent);
      if (!places.take(agent)) {
        const refusal = settings.observe ? observe(exchange, agent) : await queue(exchange, agent);
        if (refusal) return refusal;
      }
      const startedAt = settings.adaptive ? clock.now() : 0;
      let outcome: Outcome;
      try {
        outcome = await next(exchange);
      } catch (bug) {
        free();
        throw bug;
      }
      if (settings.adaptive) learnLoad(outcome, exchange, places, startedAt, clock.now());
      if (outcome.kind === 'failure' || (outcome.kind === 'reply' && outcome.standing)) free();
      else onEnded(outcome, free);
      return outcome;
    },
    inspect: () => places.inspect(),
  };
}

function full(upstream: string, reason: NoRoom | 'wait', detail: string): Failure {
  const whose = reason === 'share' ? 'that one agent may have ' : '';
  return failure('bulkhead_full', `all places for calls to ${upstream} ${whose}are taken, ${detail}`, { retryAfterMs });
}
