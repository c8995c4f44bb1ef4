import { type Clock, sleep } from '../../core/clock.ts';
import type { Exchange } from '../../core/exchange.ts';
import { abortedFailure, failure } from '../../core/failure.ts';
import type { Failure, TimeoutPhase } from '../../core/outcome.ts';
import type { Signal } from '../../core/signal.ts';

/** The connection is reset after the request was sent. */
export function resetFailure({ target }: Exchange): Failure {
  const message = `Upstream ${target.upstream} cannot be reached: it reset the connection (an injected fault).`;
  return failure('upstream_unreachable', message, { sent: 'maybe', origin: 'chaos' });
}

/** Nobody takes the connection. */
export function refusedFailure({ target }: Exchange): Failure {
  const message = `Upstream ${target.upstream} cannot be reached: it refuses connections (an injected fault).`;
  return failure('upstream_unreachable', message, { sent: 'no', origin: 'chaos' });
}

/** The upstream never answers: ends by the limits of the attempt, or where there are none by the call's. */
export async function timeoutFailure(exchange: Exchange, clock: Clock, phase: 'connect' | 'firstByte'): Promise<Failure> {
  const { limits, signal, attempt, target } = exchange;
  const sent = phase === 'connect' ? 'no' : 'maybe';
  const limit = earliest([
    { phase: phase === 'connect' ? phase : limits.firstBytePhase, afterMs: phase === 'connect' ? limits.connectMs : limits.firstByteMs },
    { phase: 'total', afterMs: limits.totalMs },
  ]);
  const waitedOut = limit ? await sleep(clock, limit.afterMs, signal) : await aborted(signal);
  if (!limit || !waitedOut) return abortedFailure(signal, sent);
  exchange.note({ kind: 'timeout', attempt, upstream: target.upstream, ...limit });
  const message = `Upstream ${target.upstream} did not answer in time (${limit.phase}, ${limit.afterMs} ms; an injected fault).`;
  return failure('upstream_timeout', message, { phase: limit.phase, sent, origin: 'chaos' });
}

interface Limit {
  phase: TimeoutPhase;
  afterMs: number;
}

function earliest(limits: readonly { phase: TimeoutPhase; afterMs: number | undefined }[]): Limit | undefined {
  return limits.filter((limit): limit is Limit => limit.afterMs !== undefined).sort((a, b) => a.afterMs - b.afterMs)[0];
}

function aborted(signal: Signal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false);
    else signal.addEventListener('abort', () => resolve(false), { once: true });
  });
}
