import { z } from 'zod';
import type { Exchange } from '../core/exchange.ts';
import { abortedFailure, failure } from '../core/failure.ts';
import { type Failure, type Outcome, onEnded } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import { count, duration } from '../settings/units.ts';
import { placesOf } from './places.ts';

export const bulkheadSettings = z.strictObject({
  /** Calls at a time; a place is held until the body has ended. */
  concurrent: count.default(256),
  /** Calls that may wait for a place, first come first served. */
  queue: z.int().min(0).default(256),
  /** The longest wait. */
  wait: duration.prefault('10s'),
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
  const free = () => places.free();

  /** Why the call got no place; undefined with a place. */
  const queue = async (exchange: Exchange): Promise<Failure | undefined> => {
    const { attempt } = exchange;
    if (places.full) {
      exchange.note({ kind: 'bulkhead-rejected', attempt, upstream, reason: 'full' });
      return full(upstream, 'and so is its queue');
    }
    const since = clock.now();
    const waited = await places.wait(exchange, settings.wait);
    if (waited === 'waited out') {
      exchange.note({ kind: 'bulkhead-rejected', attempt, upstream, reason: 'wait' });
      return full(upstream, `and none was free within ${settings.wait} ms`);
    }
    if (waited) return waited;
    // The outcome that freed the place reaches the breaker one turn later, and may open the circuit.
    await Promise.resolve();
    const late = exchange.signal.aborted ? abortedFailure(exchange.signal, 'no') : exchange.admission?.refusal();
    if (late) free();
    else exchange.note({ kind: 'bulkhead-waited', attempt, upstream, waitMs: clock.now() - since });
    return late;
  };

  const observe = (exchange: Exchange): undefined => {
    const { attempt } = exchange;
    const event = places.takeAnyway()
      ? ({ kind: 'bulkhead-waited', attempt, upstream, waitMs: 0 } as const)
      : ({ kind: 'bulkhead-rejected', attempt, upstream, reason: 'full' } as const);
    exchange.note({ kind: 'would', attempt, event });
  };

  return {
    name: 'bulkhead',
    async run(exchange, next) {
      if (!places.take()) {
        const refusal = settings.observe ? observe(exchange) : await queue(exchange);
        if (refusal) return refusal;
      }
      let outcome: Outcome;
      try {
        outcome = await next(exchange);
      } catch (bug) {
        free();
        throw bug;
      }
      if (outcome.kind === 'failure' || (outcome.kind === 'reply' && outcome.standing)) free();
      else onEnded(outcome, free);
      return outcome;
    },
    inspect: () => places.inspect(),
  };
}

function full(upstream: string, detail: string): Failure {
  return failure('bulkhead_full', `all places for calls to ${upstream} are taken, ${detail}`, { retryAfterMs });
}
