import type { OnEnding } from '../../core/ending-cell.ts';
import { failure } from '../../core/failure.ts';
import { createReply, type Ending, type Failure, type Read, type Reply, type Source } from '../../core/outcome.ts';
import { asObject, type JsonObject } from '../json-object.ts';
import { answerHead } from './answer-head.ts';
import { parseExactJson } from './exact-json.ts';
import { Untranslatable } from './untranslatable.ts';

/** A longer answer is not kept for a translation. */
const limitBytes = 16 * 1024 * 1024;

/** What a whole body says, where it is a JSON object. */
interface Said {
  readonly said: JsonObject | undefined;
}

/** Reads the whole body of a reply. A failure if it broke off, and `Untranslatable` if it is above 16 MB. */
export async function wholeAnswer(reply: Reply): Promise<Said | Untranslatable | Failure> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of reply.body) {
    bytes += chunk.byteLength;
    // Leaving the loop gives the rest up.
    if (bytes > limitBytes) return new Untranslatable('a body above 16 MB');
    chunks.push(chunk);
  }
  const ending = await reply.ended;
  if (!ending.complete) return brokenOff(ending);
  try {
    return { said: asObject(parseExactJson(Buffer.concat(chunks).toString())) };
  } catch {
    return { said: undefined };
  }
}

function brokenOff({ verdict, cause }: Ending): Failure {
  const code = verdict === 'timeout' ? 'upstream_timeout' : 'upstream_protocol_error';
  const facts = verdict === 'ok' ? {} : { verdict };
  return failure(code, 'The upstream broke its answer off.', { sent: 'maybe', ...facts, ...(cause !== undefined && { cause }) });
}

/** The same answer with another status and body. */
export function rewritten(reply: Reply, status: number, body: JsonObject): Reply {
  const bytes = Buffer.from(JSON.stringify(body));
  const head = answerHead(reply, status, 'application/json', bytes.byteLength);
  return createReply(head, new OneChunk(bytes, reply), reply.source);
}

/** Bytes in place of those of a reply that was read to its end. */
class OneChunk implements Source {
  readonly #reply: Reply;
  #bytes: Uint8Array | undefined;

  constructor(bytes: Uint8Array, reply: Reply) {
    this.#bytes = bytes;
    this.#reply = reply;
  }

  get ended(): Promise<Ending> {
    return this.#reply.ended;
  }

  whenEnded(fn: OnEnding): void {
    this.#reply.whenEnded(fn);
  }

  poll(): Read {
    const value = this.#bytes;
    this.#bytes = undefined;
    return value ? { done: false, value } : { done: true, value: undefined };
  }

  next(): Promise<Read> {
    return Promise.resolve(this.poll());
  }

  discard(): void {
    this.#bytes = undefined;
    this.#reply.discard();
  }
}
