import type { ServerResponse } from 'node:http';
import type { Dialect } from '../core/dialect.ts';
import { headerValue, mediaType, type RawHeaders } from '../core/headers.ts';
import type { Ending, Read, Reply } from '../core/outcome.ts';
import { resetConnection } from './reset-connection.ts';

const nothing = Buffer.alloc(0);
const newline = 0x0a;

/** How the writing of a reply ended. */
export interface Written {
  ending: Ending;
  bytes: number;
  /** The agent had gone before all was written. */
  left: boolean;
}

/** Puts status and fields on the response; false where they are not valid HTTP and nothing was sent. */
export function writeHead(response: ServerResponse, reply: Reply, added: RawHeaders): boolean {
  try {
    // An upstream's own Date, or its absence, passes through.
    response.sendDate = reply.origin !== 'upstream';
    const fields = reply.headers.concat(added);
    if (reply.origin === 'upstream') response.writeHead(reply.status, reply.statusText.replace(/[^\t\x20-\x7e\x80-\xff]/g, ''), fields);
    else response.writeHead(reply.status, fields);
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes a body with back-pressure and ends it as it ended: whole, or visibly broken. Tells when the last byte was handed
 * to the socket, at once where all is at hand; never rejects.
 */
export function writeBody(response: ServerResponse, reply: Reply, dialect: Dialect): Written | Promise<Written> {
  const first = reply.body.poll();
  if (first?.done) return finish(response, reply, dialect, { bytes: 0, tail: nothing });
  if (!first) return writeOn(response, reply, dialect, []);
  const second = reply.body.poll();
  // Most answers are one chunk: head, body and end go out together.
  if (second?.done) return finish(response, reply, dialect, { bytes: first.value.byteLength, tail: first.value, unwritten: first.value });
  return writeOn(response, reply, dialect, second ? [first, second] : [first]);
}

function writeOn(response: ServerResponse, reply: Reply, dialect: Dialect, polled: Read[]): Promise<Written> {
  return new Promise((resolve, reject) => {
    new BodyWriter({ response, reply, dialect, polled, resolve, reject }).pump();
  });
}

interface Writing {
  readonly response: ServerResponse;
  readonly reply: Reply;
  readonly dialect: Dialect;
  /** Reads that were polled and come first. */
  readonly polled: Read[];
  readonly resolve: (written: Written | Promise<Written>) => void;
  readonly reject: (error: unknown) => void;
}

/** Hands chunks on in the turn in which they come, as a stream has one promise and not one for each event. */
class BodyWriter {
  readonly #writing: Writing;
  #bytes = 0;
  #tail: Uint8Array = nothing;
  #flush: NodeJS.Immediate | undefined;
  readonly #onRead = (read: Read): void => {
    if (this.#flush) clearImmediate(this.#flush);
    this.#flush = undefined;
    this.pump(read);
  };

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  /** Writes what is at hand, and waits for more. */
  pump(came?: Read): void {
    const { response, reply, polled, reject } = this.#writing;
    try {
      for (let read = came ?? polled.shift() ?? reply.body.poll(); read; read = polled.shift() ?? reply.body.poll()) {
        if (!this.#take(read)) return;
      }
      // The head goes out with the first chunk; where that is long in coming, it goes alone. By an empty chunk and not by
      // flushHeaders(), which would turn latin1 values into UTF-8.
      if (this.#bytes === 0 && !reply.empty) this.#flush = setImmediate(() => response.write(nothing));
      reply.body.wait(this.#onRead);
    } catch (error) {
      reject(error);
    }
  }

  /** Whether to go on at once. */
  #take(read: Read): boolean {
    const { response, reply, dialect, resolve } = this.#writing;
    if (read.done || response.closed || response.destroyed) {
      if (!read.done) reply.discard();
      resolve(finish(response, reply, dialect, { bytes: this.#bytes, tail: this.#tail }));
      return false;
    }
    this.#bytes += read.value.byteLength;
    this.#tail = read.value;
    if (response.write(read.value)) return true;
    void drained(response).then(() => this.pump());
    return false;
  }
}

/** Of a body that was read to its end; `tail` is its last chunk. */
interface Progress {
  bytes: number;
  tail: Uint8Array;
  /** What is still to be written of it. */
  unwritten?: Uint8Array;
}

function finish(response: ServerResponse, reply: Reply, dialect: Dialect, progress: Progress): Written | Promise<Written> {
  let known: Ending | undefined;
  reply.whenEnded((ending) => {
    known = ending;
  });
  return known
    ? end(response, reply, dialect, progress, known)
    : reply.ended.then((ending) => end(response, reply, dialect, progress, ending));
}

function end(response: ServerResponse, reply: Reply, dialect: Dialect, { bytes, tail, unwritten }: Progress, ending: Ending): Written {
  if (response.closed || response.destroyed) return { ending, bytes, left: true };
  let appended = 0;
  if (ending.complete) {
    if (ending.trailers && headerValue(reply.headers, 'content-length') === undefined) response.addTrailers(pairs(ending.trailers));
    response.end(unwritten);
  } else {
    if (unwritten) response.write(unwritten);
    appended = breakOff(response, reply, dialect, tail, ending);
  }
  return { ending, bytes: bytes + appended, left: false };
}

/** Room to write again, or nobody left to write to. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('drain', settle);
      response.off('close', settle);
      resolve();
    };
    response.on('drain', settle);
    response.on('close', settle);
  });
}

/**
 * Ends a stream that died so that nobody can take it for whole: an error event where the format has one and it can be
 * written, and in any case a connection that closes before the end of the message. Gives the bytes that were appended.
 */
function breakOff(response: ServerResponse, reply: Reply, dialect: Dialect, tail: Uint8Array, ending: Ending): number {
  const event = mayAppend(response, reply) && !ending.resumable ? dialect.breakOff(brokenBy(ending)) : undefined;
  const { socket } = response;
  if (!socket) return 0;
  const appended = event && Buffer.concat([Buffer.from(separator(tail, mediaType(reply.headers))), event]);
  if (appended) response.write(appended);
  // Without chunks and without a length, a closed connection is the end of a whole message: only a reset is not.
  if (!response.chunkedEncoding && headerValue(reply.headers, 'content-length') === undefined) resetConnection(socket);
  // Node hands chunks to the socket at the end of the turn: ended before that, it would never send them.
  else process.nextTick(() => socket.destroySoon());
  return appended?.byteLength ?? 0;
}

function brokenBy(ending: Ending) {
  if (ending.brokenBy) return ending.brokenBy;
  return ending.verdict === 'timeout'
    ? ({ code: 'upstream_timeout', message: 'The upstream went silent in the middle of its answer.' } as const)
    : ({ code: 'upstream_unreachable', message: 'The answer broke off: the connection to the upstream was lost.' } as const);
}

function mayAppend(response: ServerResponse, reply: Reply): boolean {
  const type = mediaType(reply.headers);
  return (
    response.chunkedEncoding &&
    (type === 'text/event-stream' || type === 'application/x-ndjson') &&
    headerValue(reply.headers, 'content-encoding') === undefined
  );
}

/** What closes the line that was being written and, where events end in an empty line, the event. */
function separator(tail: Uint8Array, type: string): string {
  const last = tail.at(-1);
  if (last === undefined) return '';
  if (type !== 'text/event-stream') return last === newline ? '' : '\n';
  if (last !== newline) return '\n\n';
  const before = tail.at(-2) === 0x0d ? tail.at(-3) : tail.at(-2);
  return before === newline ? '' : '\n';
}

function pairs(raw: RawHeaders): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i] as string, raw[2 * i + 1] as string]);
}
