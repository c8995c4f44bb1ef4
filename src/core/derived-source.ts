import { EndingCell, type OnEnding } from './ending-cell.ts';
import type { Ending, OnRead, Read, Reply, Source, Tap } from './outcome.ts';
import type { Verdict } from './verdict.ts';

const done: Read = { done: true, value: undefined };

/** The bytes of a tapped reply; see `tap`. */
export class TappedSource implements Source {
  readonly #end = new EndingCell();
  readonly #reply: Reply;
  readonly #hooks: Tap;
  /** Takes a read that had to wait; made for the first. */
  #onRead: OnRead | undefined;
  #waiter: OnRead | undefined;
  #release: ((read: Read) => void) | undefined;
  /** A chunk that was polled and that the hook is still looking at. */
  #looking: Promise<Read> | undefined;
  #bytes = 0;
  #over = false;
  #discarded = false;

  constructor(reply: Reply, hooks: Tap) {
    this.#reply = reply;
    this.#hooks = hooks;
    if (reply.empty) {
      this.#over = true;
      // Whoever taps it does not have it yet.
      queueMicrotask(() => this.#derive());
    }
  }

  get ended(): Promise<Ending> {
    return this.#end.promise;
  }

  whenEnded(fn: OnEnding): void {
    this.#end.when(fn);
  }

  poll(): Read | undefined {
    if (this.#over) return done;
    // A hook around the read takes its time, and so does a look at a chunk.
    if (this.#hooks.read || this.#looking) return undefined;
    const read = this.#reply.body.poll();
    if (!read) return undefined;
    const passed = this.#take(read, false);
    if (!(passed instanceof Promise)) return passed;
    this.#looking = passed;
    return undefined;
  }

  next(): Promise<Read> {
    const looking = this.#looking;
    this.#looking = undefined;
    if (looking) return looking;
    if (this.#over) return Promise.resolve(done);
    if (!this.#hooks.read) return new Promise((resolve) => this.wait(resolve));
    // The hook may wait for something that a discard does not end, such as a timer of its own.
    return new Promise((resolve) => {
      this.#release = resolve;
      void this.#advance().then(resolve);
    });
  }

  wait(fn: OnRead): void {
    if (this.#looking || this.#over || this.#hooks.read) {
      void this.next().then(fn);
      return;
    }
    this.#hooks.waiting?.();
    const onRead = this.#onRead ?? ((read: Read) => this.#came(read));
    this.#onRead = onRead;
    this.#waiter = fn;
    this.#reply.body.wait(onRead);
  }

  #came(read: Read): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    const passed = this.#take(read, true);
    if (!waiter) return;
    if (passed instanceof Promise) void passed.then(waiter);
    else waiter(passed);
  }

  async #advance(): Promise<Read> {
    try {
      return await this.#pass(await this.#hooks.read?.(() => this.#reply.body.next()));
    } catch (cause) {
      return this.#failed(cause);
    }
  }

  #take(read: Read, waited: boolean): Read | Promise<Read> {
    try {
      if (waited) this.#hooks.served?.();
      if (read.done) return this.#reachedEnd();
      const passed = this.#pass(read.value);
      return passed instanceof Promise ? passed.catch((cause: unknown) => this.#failed(cause)) : passed;
    } catch (cause) {
      return this.#failed(cause);
    }
  }

  /** Takes what was read past the hook; undefined is the end. */
  #pass(bytes: Uint8Array | undefined): Read | Promise<Read> {
    if (this.#over) return done;
    if (bytes === undefined) {
      this.#finish();
      return done;
    }
    const passed = this.#hooks.chunk ? this.#hooks.chunk(bytes) : bytes;
    return passed instanceof Promise ? passed.then((value) => this.#gave(value)) : this.#gave(passed);
  }

  /** All was read: there is nothing to give up below. */
  #reachedEnd(): Read {
    if (!this.#over) {
      this.#over = true;
      this.#derive();
    }
    return done;
  }

  #gave(value: Uint8Array): Read {
    this.#bytes += value.byteLength;
    return this.#over ? done : { done: false, value };
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
    this.#derive();
  }

  #derive(): void {
    this.#reply.whenEnded((ending) => this.#tell(said(ending, this.#verdict, this.#discarded)));
  }

  #failed(cause: unknown): Read {
    if (this.#over) return done;
    this.#over = true;
    this.#reply.discard();
    this.#tell(this.#broken(cause));
    return done;
  }

  /** What the hook makes of an ending is the ending; a hook that fails has broken the body. */
  #tell(ending: Ending): void {
    try {
      const told = this.#hooks.end ? this.#hooks.end(ending) : ending;
      if (!(told instanceof Promise)) this.#end.settle(told);
      else
        told.then(
          (late) => this.#end.settle(late),
          (cause: unknown) => this.#end.settle(this.#broken(cause)),
        );
    } catch (cause) {
      this.#end.settle(this.#broken(cause));
    }
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
  readonly #reply: Reply;
  readonly #verdict: Verdict;
  #chunks: readonly Uint8Array[];
  #at = 0;
  #pending: Promise<Read> | undefined;
  #discarded = false;

  constructor(reply: Reply, chunks: readonly Uint8Array[], verdict: Verdict, pending: Promise<Read> | undefined) {
    this.#reply = reply;
    this.#chunks = chunks;
    this.#pending = pending;
    this.#verdict = verdict;
  }

  get ended(): Promise<Ending> {
    if (this.#verdict === 'ok') return this.#reply.ended;
    return this.#reply.ended.then((ending) => said(ending, this.#verdict, this.#discarded));
  }

  whenEnded(fn: OnEnding): void {
    if (this.#verdict === 'ok') this.#reply.whenEnded(fn);
    else this.#reply.whenEnded((ending) => fn(said(ending, this.#verdict, this.#discarded)));
  }

  poll(): Read | undefined {
    if (this.#discarded) return done;
    const value = this.#chunks[this.#at];
    if (!value) return this.#pending ? undefined : this.#reply.body.poll();
    this.#at += 1;
    if (this.#at === this.#chunks.length) {
      this.#chunks = [];
      this.#at = 0;
    }
    return { done: false, value };
  }

  next(): Promise<Read> {
    const now = this.poll();
    if (now) return Promise.resolve(now);
    const pending = this.#pending ?? this.#reply.body.next();
    this.#pending = undefined;
    return pending;
  }

  wait(fn: OnRead): void {
    if (this.#pending || this.#discarded || this.#chunks.length > 0) void this.next().then(fn);
    else this.#reply.body.wait(fn);
  }

  discard(): void {
    this.#discarded = true;
    this.#chunks = [];
    this.#reply.discard();
  }
}
