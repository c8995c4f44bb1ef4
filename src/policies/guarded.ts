import { type Exchange, type Opened, withChanges } from '../core/exchange.ts';
import { failure } from '../core/failure.ts';
import type { Failure, Outcome } from '../core/outcome.ts';
import type { Policy } from '../core/policy.ts';

/**
 * The outermost policy: turns a bug below it into `internal_error`, and discards every answer that the call opened and
 * does not return, so that no socket and no place in a bulkhead can be forgotten.
 */
export function createGuarded(): Policy {
  return {
    name: 'guarded',
    async run(exchange, next) {
      const opened: Opened = { attempts: 0, outcomes: [], closed: false };
      let outcome: Outcome;
      try {
        outcome = await next(withChanges(exchange, { opened }));
      } catch (error) {
        outcome = contained(exchange, opened, error);
      }
      const kept = outcome.kind === 'failure' ? undefined : outcome.source;
      for (const other of opened.outcomes) if (other.source !== kept) other.discard();
      // A stream that goes on for long must not hold the answers that it replaced.
      opened.outcomes = none;
      opened.closed = true;
      return outcome;
    },
  };
}

/** Nothing is added once a call is closed. */
const none: Opened['outcomes'] = [];

function contained(exchange: Exchange, opened: Opened, error: unknown): Failure {
  exchange.note({ kind: 'bug', attempt: exchange.attempt, error });
  const sent = opened.attempts > 0 ? 'maybe' : 'no';
  return failure('internal_error', 'the sidecar failed on this call by a fault of its own', { sent, cause: error });
}
