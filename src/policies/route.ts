import type { Clock } from '../core/clock.ts';
import type { Event } from '../core/event.ts';
import { type Handler, type Target, withChanges } from '../core/exchange.ts';
import { abortedFailure } from '../core/failure.ts';
import { type Outcome, onEnded } from '../core/outcome.ts';

/**
 * The last handler of the agent stack: numbers the attempt, hands it to the stack of its target's upstream, tells how it
 * began, answered and ended, and takes note of every answer that was opened. A failure has no body, so it has no end.
 * `attempts` holds the upstream stacks by the upstream's name.
 */
export function createRoute(attempts: ReadonlyMap<string, Handler>, clock: Clock): Handler {
  return async (exchange) => {
    const { opened, target, signal } = exchange;
    if (signal.aborted) return abortedFailure(signal, 'no');
    const send = attempts.get(target.upstream);
    if (!send) throw new Error(`there is no stack for the upstream ${target.upstream}`);

    opened.attempts += 1;
    const number = opened.attempts;
    const { upstream, model } = target;
    const startedAt = clock.now();
    exchange.note({ kind: 'attempt-started', attempt: number, upstream, model });
    const outcome = await send(withChanges(exchange, { attempt: number }));
    exchange.note(answered(outcome, number, target, clock.now() - startedAt));
    if (outcome.kind === 'failure') return outcome;

    onEnded(outcome, ({ verdict, bytes, complete, usage, estimated, gaps }) => {
      const ms = clock.now() - startedAt;
      exchange.note({ kind: 'attempt-ended', attempt: number, upstream, model, verdict, ms, bytes, complete, usage, estimated, gaps });
    });
    // Whoever asked for this attempt has not waited for it.
    if (opened.closed) outcome.discard();
    else opened.outcomes.push(outcome);
    return outcome;
  };
}

function answered(outcome: Outcome, attempt: number, { upstream, model }: Target, ms: number): Event {
  const kind = 'attempt-answered';
  switch (outcome.kind) {
    case 'reply':
      return { kind, attempt, upstream, model, verdict: outcome.verdict, origin: outcome.origin, status: outcome.status, ms };
    case 'tunnel':
      return { kind, attempt, upstream, model, verdict: 'ok', origin: 'upstream', status: 101, ms };
    case 'failure': {
      const { verdict, origin, phase, usage, estimated } = outcome;
      return { kind, attempt, upstream, model, verdict, origin, ms, phase, usage, estimated };
    }
  }
}
