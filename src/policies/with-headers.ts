import type { OnEnding } from '../core/ending-cell.ts';
import type { RawHeaders } from '../core/headers.ts';
import { createReply, type Ending, type Read, type Reply, type Source } from '../core/outcome.ts';

/**
 * The same answer under other header fields. To whoever keeps account of a call's answers it is a new one: it must be made
 * before they see the reply, or of a reply that they do not know.
 */
export function withHeaders(reply: Reply, headers: RawHeaders): Reply {
  const { verdict, origin, status, statusText, retryAfterMs, empty, standing } = reply;
  return createReply({ verdict, origin, status, statusText, headers, retryAfterMs, empty, standing }, new SameBytes(reply));
}

class SameBytes implements Source {
  readonly #reply: Reply;

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  get ended(): Promise<Ending> {
    return this.#reply.ended;
  }

  whenEnded(fn: OnEnding): void {
    this.#reply.whenEnded(fn);
  }

  poll(): Read | undefined {
    return this.#reply.body.poll();
  }

  next(): Promise<Read> {
    return this.#reply.body.next();
  }

  discard(): void {
    this.#reply.discard();
  }
}
