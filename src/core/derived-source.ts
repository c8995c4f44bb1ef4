import type { Ending, Read, Reply, Source, Tap } from './outcome.ts';
import type { Verdict } from './verdict.ts';

const done: Read = { done: true, value: undefined };

/** The bytes of a tapped reply; see `tap`. */
export class TappedSource implements Source {
  readonly ended: Promise<Ending>;
  readonly #reply: Reply;
  readonly #hooks: Tap;
  readonly #settle: (ending: Ending | Promise<Ending>) => void;
  readonly #readInner: () => Promise<Read>;
  #release: ((read: Read) => void) | undefined;
  #bytes = 0;
  #over = false;
  #discarded = false;

  constructor(reply: Reply, hooks: Tap) {
    this.#reply = reply;
    this.#hooks = hooks;
    this.#readInner = () => reply.body.next();
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.ended = promise;
    this.#settle = resolve;
    if (reply.empty) {
      this.#over = true;
      this.#settle(this.#derive());
    }
  }

  next(): Promise<Read> {
    if (this.#over) return Promise.resolve(done);
    if (!this.#hooks.read) return this.#advance();
    // The hook may wait for something that a discard does not end, such as a timer of its own.
    return new Promise((resolve) => {
      this.#release = resolve;
      void this.#advance().then(resolve);
    });
  }

  async #advance(): Promise<Read> {
    try {
      const read = await this.#read();
      if (this.#over) return done;
      if (read === undefined) {
        this.#finish();
        return done;
      }
      const value = this.#hooks.chunk ? await this.#hooks.chunk(read) : read;
      this.#bytes += value.byteLength;
      return this.#over ? done : { done: false, value };
    } catch (cause) {
      this.#fail(cause);
      return done;
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    if (this.#hooks.read) return this.#hooks.read(this.#readInner);
    const read = await this.#reply.body.next();
    return read.done ? undefined : read.value;
  }

  discard(): void {
    if (this.#over) return;
    this.#discarded = true;
    this.#finish();
    this.#release?.(done);
  }

  /** No more is read from below: what is left there is given up, and its ending becomes ours. */
  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#reply.discard();
    this.#settle(this.#derive());
  }

  async #derive(): Promise<Ending> {
    try {
      return await this.#tell(said(await this.#reply.ended, this.#verdict, this.#discarded));
    } catch (cause) {
      return this.#broken(cause);
    }
  }

  #fail(cause: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#reply.discard();
    this.#settle(this.#tellBroken(this.#broken(cause)));
  }

  async #tellBroken(broken: Ending): Promise<Ending> {
    try {
      return await this.#tell(broken);
    } catch {
      return broken;
    }
  }

  #tell(ending: Ending): Ending | Promise<Ending> {
    return this.#hooks.end ? this.#hooks.end(ending) : ending;
  }

  #broken(cause: unknown): Ending {
    return { verdict: 'server-error', complete: false, bytes: this.#bytes, cause };
  }

  get #verdict(): Verdict {
    return this.#hooks.verdict ?? this.#reply.verdict;
  }
}

/**
 * The ending of a reply that was handed up with `verdict`: a bad one stays what it was even if its body was given up (a
 * 503 that retry gave up still counts as one), and a good one whose body was given up has not arrived whole.
 */
function said(below: Ending, verdict: Verdict, discarded: boolean): Ending {
  const kept = below.verdict === 'ok' || (below.verdict === 'cancelled' && discarded);
  if (!kept) return below;
  if (verdict !== 'ok') return { ...below, verdict, complete: below.complete && !discarded };
  return discarded ? { ...below, verdict: 'cancelled', complete: false } : below;
}

/** The bytes of a reply of which some was read already; see `unread`. */
export class UnreadSource implements Source {
  readonly ended: Promise<Ending>;
  readonly #reply: Reply;
  #chunks: readonly Uint8Array[];
  #at = 0;
  #pending: Promise<Read> | undefined;
  #discarded = false;

  constructor(reply: Reply, chunks: readonly Uint8Array[], verdict: Verdict, pending: Promise<Read> | undefined) {
    this.#reply = reply;
    this.#chunks = chunks;
    this.#pending = pending;
    this.ended = verdict === 'ok' ? reply.ended : reply.ended.then((ending) => said(ending, verdict, this.#discarded));
  }

  next(): Promise<Read> {
    if (this.#discarded) return Promise.resolve(done);
    const value = this.#chunks[this.#at];
    if (value) {
      this.#at += 1;
      if (this.#at === this.#chunks.length) {
        this.#chunks = [];
        this.#at = 0;
      }
      return Promise.resolve({ done: false, value });
    }
    const pending = this.#pending ?? this.#reply.body.next();
    this.#pending = undefined;
    return pending;
  }

  discard(): void {
    this.#discarded = true;
    this.#chunks = [];
    this.#reply.discard();
  }
}
