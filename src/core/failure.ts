import { type ErrorCode, errorCodes } from './error-codes.ts';
import type { AbortReason } from './exchange.ts';
import type { Failure } from './outcome.ts';
import type { Signal } from './signal.ts';

/** What a maker of failures must say beside the code and the message; the rest has the defaults of a refusal by us. */
type Details = Partial<Omit<Failure, 'kind' | 'code' | 'message'>>;

/** A failure of ours by its code: nothing was sent unless the details say so. */
export function failure(code: ErrorCode, message: string, details: Details = {}): Failure {
  return {
    kind: 'failure',
    verdict: errorCodes[code].verdict,
    origin: 'ourselves',
    code,
    message,
    sent: 'no',
    reusedSocket: false,
    ...details,
  };
}

/** The failure that an aborted signal's reason stands for. */
export function abortedFailure(signal: Signal, sent: Failure['sent']): Failure {
  // Every signal of an exchange is aborted with an AbortReason.
  const { code, message, verdict, phase } = signal.reason as AbortReason;
  return failure(code, message, { verdict, sent, ...(phase && { phase }) });
}
