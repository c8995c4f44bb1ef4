import type { Exchange } from '../core/exchange.ts';
import { type Outcome, onEnded, type Reply } from '../core/outcome.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Places } from './places.ts';

/** What an upstream says that is asked more than it can bear. */
const overload: ReadonlySet<Verdict> = new Set(['rate-limited', 'overloaded']);

/**
 * Tells the places of an upstream what the outcome of a call, and its ending, show of the load there. Injected faults show
 * nothing, nor does what stands open, nor a failure of another kind.
 */
export function learnLoad(outcome: Outcome, exchange: Exchange, places: Places, startedAt: number, nowMs: number): void {
  if (outcome.kind === 'tunnel' || outcome.origin === 'chaos') return;
  if (overload.has(outcome.verdict) || isLate(outcome)) {
    places.overloaded(startedAt);
    return;
  }
  if (outcome.kind === 'failure' || outcome.verdict !== 'ok' || outcome.standing) return;
  places.answered(tellsLoad(exchange) ? nowMs - startedAt : undefined, startedAt);
  learnEnding(outcome, places, startedAt);
}

/** A stream that has begun well may still be given up for overload. */
function learnEnding(reply: Reply, places: Places, startedAt: number): void {
  onEnded(reply, ({ verdict }) => {
    if (overload.has(verdict)) places.overloaded(startedAt);
  });
}

/** The upstream has not even begun to answer in time. */
function isLate(outcome: Outcome): boolean {
  return outcome.kind === 'failure' && outcome.phase === 'firstByte';
}

/** The answer of a model that is not streamed takes as long as it is: its first byte comes with its last. */
function tellsLoad({ request }: Exchange): boolean {
  const call = request.call();
  return !(call instanceof Promise) && (call.kind !== 'llm' || call.stream === true);
}
