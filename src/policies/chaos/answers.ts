import type { Call } from '../../core/dialect.ts';
import type { Exchange } from '../../core/exchange.ts';
import { failure } from '../../core/failure.ts';
import { headerValue } from '../../core/headers.ts';
import { bufferedReply, type Failure, type Reply } from '../../core/outcome.ts';

/** The error that is told inside of an answer. */
export const toldError: Failure = failure('internal_error', 'An injected fault.', { origin: 'chaos', sent: 'maybe' });

/** An error of that status in place of an answer, in a form in which clients find its message. */
export function statusReply(status: number, retryAfterMs: number | undefined, body: string | undefined): Reply {
  const error = { message: `An injected fault: status ${status}.`, type: 'injected_fault' };
  const bytes = Buffer.from(body ?? JSON.stringify({ type: 'error', error }));
  const headers = ['content-type', 'application/json', 'content-length', String(bytes.byteLength)];
  if (retryAfterMs !== undefined) headers.push('retry-after', String(Math.ceil(retryAfterMs / 1000)));
  const verdict = status < 500 ? 'client-error' : 'server-error';
  return bufferedReply({ verdict, origin: 'chaos', status, statusText: '', headers, retryAfterMs }, [bytes]);
}

/** A 200 of the type that was asked for, with nothing in it. */
export function emptyReply({ dialect }: Exchange, call: Call): Reply {
  const spoken = dialect.speak('', call);
  const contentType = (spoken && headerValue(spoken.headers, 'content-type')) ?? 'application/json';
  return good(contentType, Buffer.alloc(0));
}

/** A 200 that holds the format's own error. */
export function toldErrorReply({ dialect }: Exchange): Reply {
  const refusal = dialect.refuse(toldError);
  const chunks: Uint8Array[] = [];
  // It was written by us: all of it is at hand.
  for (let read = refusal.body.poll(); read && !read.done; read = refusal.body.poll()) chunks.push(read.value);
  return good(headerValue(refusal.headers, 'content-type') ?? 'application/json', Buffer.concat(chunks));
}

function good(contentType: string, bytes: Buffer): Reply {
  const length = contentType === 'text/event-stream' ? [] : ['content-length', String(bytes.byteLength)];
  return bufferedReply({ verdict: 'ok', origin: 'chaos', status: 200, statusText: '', headers: ['content-type', contentType, ...length] }, [
    bytes,
  ]);
}
