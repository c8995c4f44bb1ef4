import type { Duplex } from 'node:stream';
import { TappedSource, UnreadSource } from './derived-source.ts';
import type { OnEnding } from './ending-cell.ts';
import type { ErrorCode } from './error-codes.ts';
import type { RawHeaders } from './headers.ts';
import type { StreamGaps } from './stream-gaps.ts';
import type { TunnelWatcher } from './tunnel-watcher.ts';
import type { Usage } from './usage.ts';
import type { Origin, Verdict } from './verdict.ts';

/** How a body ended. Settled exactly once for every reply and tunnel; the promise that carries it never rejects. */
export interface Ending {
  /** The last word on the attempt: a stream that was `ok` at commit may end otherwise. */
  verdict: Verdict;
  /** Whether the message arrived whole, by its framing and by its format's own end mark. */
  complete: boolean;
  /** The wait that an error asked for in its body, in milliseconds. */
  retryAfterMs?: number;
  /** Body bytes that were read. */
  bytes: number;
  usage?: Usage;
  /** Tokens beside those of `usage`: what was not reported, by its size. */
  estimated?: Usage;
  gaps?: StreamGaps;
  /** Nothing is to be appended to a body that did not arrive whole: the agent can ask for the rest by itself. */
  resumable?: boolean;
  /** Why it was broken off, where that is for the agent to know. */
  brokenBy?: Pick<Failure, 'code' | 'message'>;
  trailers?: RawHeaders;
  /** What went wrong, for logs. */
  cause?: unknown;
}

/** What one read of a body gives. */
export type Read = IteratorResult<Uint8Array, undefined>;
export type OnRead = (read: Read) => void;

/** A body: read once, by one reader. It never throws; where it stopped early, `ended` says why. */
export interface Body extends AsyncIterable<Uint8Array> {
  /** What can be had without waiting; undefined if there is nothing now. Not while a `next` is pending. */
  poll(): Read | undefined;
  next(): Promise<Read>;
  /** As `next`, by a call and not by a promise: `fn` is called with the next read as soon as it is there. It must not throw. */
  wait(fn: OnRead): void;
}

/** An answer with a status and a body. Derived by `tap` and `unread` only, never by spreading. */
export interface Reply {
  readonly kind: 'reply';
  /** As far as it was known when the reply was handed up: final for whoever decides before commit. */
  readonly verdict: Verdict;
  readonly origin: Origin;
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  readonly body: Body;
  readonly ended: Promise<Ending>;
  /** Calls `fn` with the ending, at once where it is known. `fn` must not throw; see `onEnded`. */
  whenEnded(fn: OnEnding): void;
  /** The wait that the other side asked for, in milliseconds, of whatever form it had. */
  readonly retryAfterMs: number | undefined;
  /** No body follows (HEAD, 204, 304, Content-Length 0): `ended` settles by itself. */
  readonly empty: boolean;
  /** A stream that stands open for events (GET as text/event-stream): it may be silent for ever and holds no place. */
  readonly standing: boolean;
  /** Identity that every reply derived from the same answer shares. */
  readonly source: object;
  /** Gives the rest of the body up: frees the socket at once, at any time, also while a read is pending. Idempotent. */
  discard(): void;
}

/** An upgraded connection (101). */
export interface Tunnel {
  readonly kind: 'tunnel';
  readonly statusText: string;
  readonly headers: RawHeaders;
  readonly socket: Duplex;
  /** Bytes that the upstream sent right behind its 101. */
  readonly head: Uint8Array;
  /** Looks at copies of what passes, where the wire format can. */
  readonly watcher?: TunnelWatcher | undefined;
  readonly ended: Promise<Ending>;
  whenEnded(fn: OnEnding): void;
  readonly source: object;
  discard(): void;
}

/** No answer: ours to explain. */
export interface Failure {
  readonly kind: 'failure';
  readonly verdict: Exclude<Verdict, 'ok'>;
  readonly origin: Origin;
  readonly code: ErrorCode;
  /** For people; carries no address and no stack. */
  readonly message: string;
  /** Which timer ran out, for timeouts. */
  readonly phase?: TimeoutPhase;
  readonly cause?: unknown;
  readonly retryAfterMs?: number;
  /** Whether the upstream may have seen any of the request. */
  readonly sent: 'no' | 'maybe';
  /** The connection was a kept one that closed before any byte came back. */
  readonly reusedSocket: boolean;
  /** Tokens of an answer that began and was none in the end; see `Ending`. */
  readonly usage?: Usage;
  readonly estimated?: Usage;
}

export type Outcome = Reply | Tunnel | Failure;
export type TimeoutPhase = 'connect' | 'firstByte' | 'answer' | 'idle' | 'total' | 'deadline';

/** Where a reply's bytes come from. */
export interface Source {
  /** As `Body.poll`; a source without it is always waited for. */
  poll?(): Read | undefined;
  next(): Promise<Read>;
  /** As `Body.wait`; without it `next` is asked. */
  wait?(fn: OnRead): void;
  readonly ended: Promise<Ending>;
  /** As `Reply.whenEnded`; without it everybody waits for `ended`. */
  whenEnded?(fn: OnEnding): void;
  discard(): void;
}

export interface ReplyHead {
  verdict: Verdict;
  origin: Origin;
  status: number;
  statusText: string;
  headers: RawHeaders;
  retryAfterMs?: number | undefined;
  empty?: boolean;
  standing?: boolean;
}

const done: Read = { done: true, value: undefined };

/** A reply that is its own body, as every derived one makes another. */
class SourcedReply implements Reply, Body, AsyncIterator<Uint8Array, undefined> {
  readonly kind = 'reply';
  readonly verdict: Verdict;
  readonly origin: Origin;
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  readonly retryAfterMs: number | undefined;
  readonly empty: boolean;
  readonly standing: boolean;
  readonly source: object;
  readonly #bytes: Source;

  constructor(head: ReplyHead, bytes: Source, source: object) {
    this.verdict = head.verdict;
    this.origin = head.origin;
    this.status = head.status;
    this.statusText = head.statusText;
    this.headers = head.headers;
    this.retryAfterMs = head.retryAfterMs;
    this.empty = head.empty ?? false;
    this.standing = head.standing ?? false;
    this.source = source;
    this.#bytes = bytes;
  }

  get body(): Body {
    return this;
  }

  get ended(): Promise<Ending> {
    return this.#bytes.ended;
  }

  whenEnded(fn: OnEnding): void {
    if (this.#bytes.whenEnded) this.#bytes.whenEnded(fn);
    else void this.#bytes.ended.then(fn);
  }

  discard(): void {
    this.#bytes.discard();
  }

  poll(): Read | undefined {
    return this.#bytes.poll?.();
  }

  next(): Promise<Read> {
    return this.#bytes.next();
  }

  wait(fn: OnRead): void {
    if (this.#bytes.wait) this.#bytes.wait(fn);
    else void this.#bytes.next().then(fn);
  }

  /** A `for await` that is left early gives the rest up. */
  return(): Promise<Read> {
    this.#bytes.discard();
    return Promise.resolve(done);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A reply whose bytes come from a source of one's own; `source` where it is an answer that is known already, in other words. */
export function createReply(head: ReplyHead, bytes: Source, source: object = bytes): Reply {
  return new SourcedReply(head, bytes, source);
}

/** A reply whose whole body is at hand: it has ended already, read or not. */
export function bufferedReply(head: ReplyHead, chunks: readonly Uint8Array[], usage?: Usage): Reply {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const ending: Ending = { verdict: head.verdict, complete: true, bytes, ...(usage && { usage }) };
  return createReply({ ...head, empty: bytes === 0 }, new BufferedSource(chunks, ending));
}

class BufferedSource implements Source {
  readonly #ending: Ending;
  #chunks: readonly Uint8Array[];
  #at = 0;

  constructor(chunks: readonly Uint8Array[], ending: Ending) {
    this.#chunks = chunks;
    this.#ending = ending;
  }

  get ended(): Promise<Ending> {
    return Promise.resolve(this.#ending);
  }

  whenEnded(fn: OnEnding): void {
    fn(this.#ending);
  }

  poll(): Read {
    const value = this.#chunks[this.#at++];
    return value ? { done: false, value } : done;
  }

  next(): Promise<Read> {
    return Promise.resolve(this.poll());
  }

  discard(): void {
    this.#chunks = [];
  }
}

export interface Tap {
  /** Replaces the verdict that the reply is handed up with. */
  verdict?: Verdict;
  /** Replaces where it is said to come from: an injected fault is not the upstream's. */
  origin?: Origin;
  /** Told when a read has to wait, and when that wait is over. */
  waiting?(): void;
  served?(): void;
  /** Stands around every read, to time, delay or replace it; `undefined` from it ends the body there. */
  read?(next: () => Promise<Read>): Promise<Uint8Array | undefined>;
  /** Sees every chunk on its way; returns what is passed on. */
  chunk?(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Sees how it ended; returns how it is said to have ended. Called once. */
  end?(ending: Ending): Ending | Promise<Ending>;
}

/**
 * The only way to look into a body or to change it. The derived reply's `ended` settles once the last chunk has passed
 * through the tap, or at a discard. A hook that throws ends the body as a failure and frees the socket.
 */
export function tap(reply: Reply, hooks: Tap): Reply {
  return new SourcedReply(headOf(reply, hooks.verdict, hooks.origin), new TappedSource(reply, hooks), reply.source);
}

/**
 * A reply of which some was read already: gives those chunks (and a read that is still pending) first and goes on from
 * there. Its ending is that of the reply, except that a bad `verdict` stays. `waitMs` was read in the body and
 * counts where the head asks for no wait.
 */
export function unread(reply: Reply, chunks: readonly Uint8Array[], verdict: Verdict, pending?: Promise<Read>, waitMs?: number): Reply {
  const head = headOf(reply, verdict, reply.origin, waitMs);
  return new SourcedReply(head, new UnreadSource(reply, chunks, verdict, pending), reply.source);
}

function headOf(reply: Reply, verdict = reply.verdict, origin = reply.origin, waitMs?: number): ReplyHead {
  if (verdict === reply.verdict && origin === reply.origin && waitMs === undefined) return reply;
  const { status, statusText, headers, retryAfterMs = waitMs, empty, standing } = reply;
  return { verdict, origin, status, statusText, headers, retryAfterMs, empty, standing };
}

/** Calls `fn` with the ending, at once where it is known. What it throws is shown as a process warning, and breaks no call. */
export function onEnded(outcome: Reply | Tunnel, fn: (ending: Ending) => void): void {
  outcome.whenEnded((ending) => {
    try {
      fn(ending);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : new Error(String(error)));
    }
  });
}
