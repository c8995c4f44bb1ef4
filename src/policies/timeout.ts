import { z } from 'zod';
import type { Call } from '../core/dialect.ts';
import { type AttemptLimits, type Exchange, type Handler, withChanges } from '../core/exchange.ts';
import { abortedFailure } from '../core/failure.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import { duration, size } from '../settings/units.ts';
import { observeLimits } from './observe-limits.ts';
import { keptAlive } from './timeout-keep-alive.ts';
import { untilAborted } from './until-aborted.ts';

export const timeoutSettings = z.strictObject({
  /** DNS, TCP and TLS. */
  connect: duration.prefault('5s'),
  /** Of streams and plain HTTP: to the first meaningful byte; comments and start-up frames do not count. */
  firstByte: duration.prefault('2m'),
  /** Of a model call that is not streamed: to its answer. None: the deadline rules. */
  answer: duration.optional(),
  /** Between meaningful chunks, counted while a read is pending. */
  idle: duration.prefault('60s'),
  /** Of one attempt with its body; none unless set. */
  total: duration.optional(),
  /** A stream that has shown start-up frames and no error for that long is handed on. */
  hold: duration.prefault('15s'),
  /** A comment to the agent after every such silence of an event stream that has been handed on; none unless set. */
  keepAlive: duration.refine((ms) => ms >= 1000, 'expected 1s or more').optional(),
  /** Bytes a second that a body must bring while all of it is waited for; none unless set. */
  minimumRate: size.optional(),
  observe: z.boolean().default(false),
});

export type TimeoutSettings = z.output<typeof timeoutSettings>;

/**
 * Gives every attempt its limits. The attempt keeps `connect`, `total` and, up to the head, `firstByte`; the gate keeps the
 * rest but for `minimumRate`, which is a policy of its own inside of the gate. In observe mode nothing is limited, and a limit that would have run out is noted; nothing is kept alive.
 */
export function createTimeout(settings: TimeoutSettings, { clock }: Pick<PolicyContext, 'clock'>): Policy {
  const answeredLimits = limitsOf(settings, true);
  const otherLimits = limitsOf(settings, false);

  const limited = (call: Call, exchange: Exchange, next: Handler): Promise<Outcome> => {
    const limits = call.kind === 'llm' && call.stream !== true ? answeredLimits : otherLimits;
    if (settings.observe) return observeLimits(limits, exchange, next, clock);
    const answered = next(withChanges(exchange, { limits }));
    return settings.keepAlive === undefined ? answered : keepingAlive(answered, settings.keepAlive, clock);
  };

  /** The description may wait for the rest of an upload, and the call may end before that. */
  const whenDescribed = async (described: Promise<Call>, exchange: Exchange, next: Handler): Promise<Outcome> => {
    const call = await untilAborted(described, exchange.signal);
    return call ? limited(call, exchange, next) : abortedFailure(exchange.signal, 'no');
  };

  return {
    name: 'timeout',
    run(exchange, next) {
      const described = exchange.request.call();
      return described instanceof Promise ? whenDescribed(described, exchange, next) : limited(described, exchange, next);
    },
  };
}

async function keepingAlive(answered: Promise<Outcome>, everyMs: number, clock: PolicyContext['clock']): Promise<Outcome> {
  const outcome = await answered;
  return outcome.kind === 'reply' ? keptAlive(outcome, everyMs, clock) : outcome;
}

/** The head of a model's answer that is not streamed comes only when all of it is there: it has a limit of its own. */
function limitsOf({ connect, firstByte, answer, idle, total, hold }: TimeoutSettings, answered: boolean): AttemptLimits {
  const firstByteMs = answered ? answer : firstByte;
  return {
    connectMs: connect,
    ...(firstByteMs !== undefined && { firstByteMs }),
    firstBytePhase: answered ? 'answer' : 'firstByte',
    idleMs: idle,
    ...(total !== undefined && { totalMs: total }),
    holdMs: hold,
  };
}
