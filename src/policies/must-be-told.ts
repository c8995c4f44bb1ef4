import type { Exchange } from '../core/exchange.ts';
import { abortedFailure } from '../core/failure.ts';
import type { Failure } from '../core/outcome.ts';
import { isRepeatable } from './resend-safety.ts';

/**
 * Whether the last failure of a call goes before a reply that there was earlier: the agent left or was paused, or the
 * attempt of an unsafe call may have been processed, which no earlier 503 may deny. A deadline does not.
 */
export async function mustBeTold(exchange: Exchange, { sent }: Failure): Promise<boolean> {
  const { signal } = exchange;
  if (signal.aborted && abortedFailure(signal, 'no').verdict !== 'timeout') return true;
  return sent === 'maybe' && !(await isRepeatable(exchange));
}
