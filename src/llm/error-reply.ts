import { errorCodes } from '../core/error-codes.ts';
import type { Failure, Reply } from '../core/outcome.ts';
import { writtenReply } from './written-reply.ts';

/** What an error in a dialect's format is made of. */
export type ErrorSaid = Pick<Failure, 'code' | 'message' | 'phase'>;

/** A reply of ours that stands for a failure, with the status of its code. */
export function errorReply(failure: Failure, body: object, contentType = 'application/json'): Reply {
  const { verdict, origin, retryAfterMs } = failure;
  return writtenReply({ verdict, origin, status: errorCodes[failure.code].status, retryAfterMs }, JSON.stringify(body), contentType);
}
