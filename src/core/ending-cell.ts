import type { Ending } from './outcome.ts';

/** Called with the ending: at once where it is known. Must not throw. */
export type OnEnding = (ending: Ending) => void;

/**
 * How a body ends, once. Those who ask are told by a call and not by a promise: nearly every answer has ended by the time
 * that somebody asks, and then nothing has to wait. A promise is made for who wants one.
 */
export class EndingCell {
  #ending: Ending | undefined;
  /** Nearly always one asks, or two. */
  #first: OnEnding | undefined;
  #others: OnEnding[] | undefined;
  #promise: Promise<Ending> | undefined;

  /** The ending, once it is known. */
  get known(): Ending | undefined {
    return this.#ending;
  }

  /** Resolves with the ending; never rejects. */
  get promise(): Promise<Ending> {
    this.#promise ??= new Promise((resolve) => this.when(resolve));
    return this.#promise;
  }

  when(fn: OnEnding): void {
    if (this.#ending) fn(this.#ending);
    else if (!this.#first) this.#first = fn;
    else if (this.#others) this.#others.push(fn);
    else this.#others = [fn];
  }

  /** Only the first ending counts. */
  settle(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    const first = this.#first;
    const others = this.#others;
    this.#first = undefined;
    this.#others = undefined;
    first?.(ending);
    if (others) for (const other of others) other(ending);
  }
}
