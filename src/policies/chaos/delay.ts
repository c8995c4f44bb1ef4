import { type Clock, sleep } from '../../core/clock.ts';
import { type AttemptLimits, type Exchange, type Handler, withChanges } from '../../core/exchange.ts';
import { abortedFailure } from '../../core/failure.ts';
import { type Outcome, tap } from '../../core/outcome.ts';
import { timeoutFailure } from './failures.ts';

/** Sends the request late. To the limits of the attempt, the upstream is what was slow. */
export async function delayed(forMs: number, exchange: Exchange, next: Handler, clock: Clock): Promise<Outcome> {
  const { limits, signal } = exchange;
  if (forMs >= Math.min(limits.firstByteMs ?? Infinity, limits.totalMs ?? Infinity)) return timeoutFailure(exchange, clock, 'firstByte');
  if (!(await sleep(clock, forMs, signal))) return abortedFailure(signal, 'no');
  const outcome = await next(withChanges(exchange, { limits: shortened(limits, forMs) }));
  return outcome.kind === 'reply' ? tap(outcome, { origin: 'chaos' }) : outcome;
}

function shortened({ firstByteMs, totalMs, ...others }: AttemptLimits, byMs: number): AttemptLimits {
  return {
    ...others,
    ...(firstByteMs !== undefined && { firstByteMs: firstByteMs - byMs }),
    ...(totalMs !== undefined && { totalMs: totalMs - byMs }),
  };
}
