import { errorCodes } from '../core/error-codes.ts';
import type { Failure, Reply } from '../core/outcome.ts';
import { writtenReply } from './written-reply.ts';

/** A reply of ours that stands for a failure, with the status of its code. */
export function errorReply(failure: Failure, body: object, contentType = 'application/json'): Reply {
  const { verdict, origin, retryAfterMs } = failure;
  return writtenReply({ verdict, origin, status: errorCodes[failure.code].status, retryAfterMs }, JSON.stringify(body), contentType);
}
