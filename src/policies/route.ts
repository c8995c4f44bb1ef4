import type { Clock } from '../core/clock.ts';
import type { Event } from '../core/event.ts';
import type { Exchange, Handler } from '../core/exchange.ts';
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
    const attempt = { ...exchange, attempt: opened.attempts };
    const startedAt = clock.now();
    attempt.note({ kind: 'attempt-started', ...about(attempt) });
    const outcome = await send(attempt);
    attempt.note(answered(attempt, outcome, clock.now() - startedAt));
    if (outcome.kind === 'failure') return outcome;

    onEnded(outcome, ({ verdict, bytes, complete, usage }) => {
      const ms = clock.now() - startedAt;
      attempt.note({ kind: 'attempt-ended', ...about(attempt), verdict, ms, bytes, complete, ...(usage && { usage }) });
    });
    // Whoever asked for this attempt has not waited for it.
    if (opened.closed) outcome.discard();
    else opened.outcomes.push(outcome);
    return outcome;
  };
}

function about({ attempt, target }: Exchange): { attempt: number; upstream: string; model?: string } {
  return { attempt, upstream: target.upstream, ...(target.model !== undefined && { model: target.model }) };
}

function answered(attempt: Exchange, outcome: Outcome, ms: number): Event {
  const facts = { kind: 'attempt-answered', ...about(attempt), ms } as const;
  switch (outcome.kind) {
    case 'reply':
      return { ...facts, verdict: outcome.verdict, origin: outcome.origin, status: outcome.status };
    case 'tunnel':
      return { ...facts, verdict: 'ok', origin: 'upstream', status: 101 };
    case 'failure':
      return { ...facts, verdict: outcome.verdict, origin: outcome.origin, ...(outcome.phase && { phase: outcome.phase }) };
  }
}
