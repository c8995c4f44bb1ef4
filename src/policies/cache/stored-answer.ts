import type { RawHeaders } from '../../core/headers.ts';
import { bufferedReply, type Reply } from '../../core/outcome.ts';
import type { Spent } from '../../core/usage.ts';

/** A body as it came: its bytes in one piece of their exact size, and where each chunk of it ended. */
export interface WholeBody {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

/** A whole and good answer with status 200. */
export interface StoredAnswer {
  readonly headers: RawHeaders;
  readonly body: WholeBody;
  /** On the clock's scale, before it came where it had an age then. */
  readonly bornAt: number;
  /** For how long it counts as fresh at most, in milliseconds; undefined where nobody says so. */
  readonly freshMs: number | undefined;
  /** The tokens that it has cost; undefined where it has cost none. */
  readonly spent?: Spent | undefined;
}

/** The chunks of a body, as they came; views of its bytes. */
export function chunksOf({ bytes, ends }: WholeBody): Uint8Array[] {
  return Array.from(ends, (end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

/** What an answer takes up, in bytes: what is known of it, and an allowance for the objects around it. */
export function sizeOf({ headers, body }: StoredAnswer): number {
  const fields = headers.reduce((sum, text) => sum + text.length, 0);
  return body.bytes.byteLength + body.ends.byteLength + fields + 1024;
}

/** The answer once more, `ageMs` old (RFC 9111, 5.1), with the fields added. A stream has the chunks that it came in. */
export function replay({ headers, body }: StoredAnswer, ageMs: number, added: RawHeaders): Reply {
  const fields = [...headers, 'age', String(Math.floor(ageMs / 1000)), ...added];
  return bufferedReply({ verdict: 'ok', origin: 'cache', status: 200, statusText: '', headers: fields }, chunksOf(body));
}
