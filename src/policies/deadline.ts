import { type AbortReason, withChanges } from '../core/exchange.ts';
import { failure } from '../core/failure.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import { Aborter } from '../core/signal.ts';

/**
 * Limits a whole call up to commit: attempts, waits, queueing and fallbacks share `deadlineMs`. When it has passed, the
 * signal that the inner policies see aborts, and whatever failure they answer with is told as `deadline_exceeded`; an
 * upstream's reply that they still have is passed on.
 */
export function createDeadline(deadlineMs: number, { clock }: Pick<PolicyContext, 'clock'>): Policy {
  const passed: AbortReason = {
    verdict: 'timeout',
    code: 'deadline_exceeded',
    message: `the call, retries and waits included, took longer than ${deadlineMs} ms`,
    phase: 'deadline',
  };

  return {
    name: 'deadline',
    async run(exchange, next) {
      const controller = new Aborter();
      const { signal: parent } = exchange;
      const onParentAbort = () => {
        timer.cancel();
        controller.abort(parent.reason);
      };
      const timer = clock.timer(deadlineMs, () => {
        exchange.note({
          kind: 'timeout',
          attempt: exchange.attempt,
          upstream: exchange.target.upstream,
          phase: 'deadline',
          afterMs: deadlineMs,
        });
        controller.abort(passed);
      });
      if (parent.aborted) onParentAbort();
      else parent.addEventListener('abort', onParentAbort, { once: true });

      const deadline = Math.min(exchange.deadline, clock.now() + deadlineMs);
      try {
        const outcome = await next(withChanges(exchange, { deadline, signal: controller.signal }));
        const overdue = controller.signal.reason === passed && outcome.kind === 'failure' && outcome.code !== passed.code;
        return overdue ? failure(passed.code, passed.message, { phase: 'deadline', sent: outcome.sent, cause: outcome }) : outcome;
      } finally {
        timer.cancel();
        parent.removeEventListener('abort', onParentAbort);
      }
    },
  };
}
