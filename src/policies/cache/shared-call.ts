import type { AbortReason, Exchange } from '../../core/exchange.ts';
import { Aborter } from '../../core/signal.ts';

/** What came of a shared call for one of those that waited for it. */
export interface Share<T> {
  readonly value: T;
  /** Whether the upstream's call counts as this one's: it was told its events. True for one of all. */
  readonly first: boolean;
}

interface Waiting<T> {
  readonly exchange: Exchange;
  readonly resolve: (share: Share<T> | undefined) => void;
  readonly reject: (bug: unknown) => void;
  readonly onAbort: () => void;
}

/**
 * One call on behalf of several equal ones. It has an id and a signal of its own, so that it outlives whoever began it, and
 * ends when the last one that waits has left. Its events are told to the first of those that wait.
 */
export class SharedCall<T> {
  #teller: Exchange;
  #waiting: Waiting<T>[] = [];
  #over = false;
  readonly #aborter = new Aborter();
  readonly #onOver: () => void;
  readonly #drop: (value: T) => void;

  /** `onOver` is called once, when nobody can join any more; `drop` takes what nobody waits for. */
  constructor(first: Exchange, onOver: () => void, drop: (value: T) => void) {
    this.#teller = first;
    this.#onOver = onOver;
    this.#drop = drop;
  }

  /** Begins the call. To be called once, after the first has joined. */
  start(run: (exchange: Exchange) => Promise<T>): void {
    const { signal } = this.#aborter;
    const exchange: Exchange = { ...this.#teller, id: `${this.#teller.id}-shared`, signal, note: (event) => this.#teller.note(event) };
    run(exchange).then(
      (value) => this.#land(value),
      (bug: unknown) => this.#fail(bug),
    );
  }

  /** Resolves when the call has landed; with undefined as soon as the exchange's own signal aborts. */
  join(exchange: Exchange): Promise<Share<T> | undefined> {
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#leave(exchange);
      this.#waiting.push({ exchange, resolve, reject, onAbort });
      if (exchange.signal.aborted) onAbort();
      else exchange.signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #leave(exchange: Exchange): void {
    const left = this.#waiting.find((waiting) => waiting.exchange === exchange);
    this.#waiting = this.#waiting.filter((waiting) => waiting !== left);
    left?.resolve(undefined);
    const [next] = this.#waiting;
    if (next) {
      if (exchange === this.#teller) this.#teller = next.exchange;
    } else {
      this.#end();
      this.#aborter.abort(exchange.signal.reason as AbortReason);
    }
  }

  #land(value: T): void {
    const waiting = this.#end();
    if (waiting.length === 0) this.#drop(value);
    for (const { exchange, resolve } of waiting) resolve({ value, first: exchange === this.#teller });
  }

  #fail(bug: unknown): void {
    for (const { reject } of this.#end()) reject(bug);
  }

  #end(): readonly Waiting<T>[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { exchange, onAbort } of waiting) exchange.signal.removeEventListener('abort', onAbort);
    if (!this.#over) this.#onOver();
    this.#over = true;
    return waiting;
  }
}
