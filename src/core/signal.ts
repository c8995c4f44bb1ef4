/**
 * Tells that a call is to be given up. What we need of an AbortSignal, which is one of these: the platform's own is an
 * EventTarget and costs more than all policies of a call.
 */
export interface Signal {
  readonly aborted: boolean;
  /** Why; of an exchange's signal an `AbortReason`. */
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A signal with the hand on it. Aborts once; listeners are called at once, in order, and each only once. */
export class Aborter implements Signal {
  #aborted = false;
  #reason: unknown;
  /** Nearly always there is one, and nothing is made for it. */
  #first: (() => void) | undefined;
  #others: (() => void)[] = none;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get signal(): Signal {
    return this;
  }

  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const first = this.#first;
    const others = this.#others;
    this.#first = undefined;
    this.#others = none;
    first?.();
    for (const listener of others) listener();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#aborted || this.#first === listener || this.#others.includes(listener)) return;
    if (!this.#first && this.#others.length === 0) this.#first = listener;
    else this.#others = [...this.#others, listener];
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (this.#first === listener) this.#first = undefined;
    else if (this.#others.length > 0) this.#others = this.#others.filter((other) => other !== listener);
  }
}

const none: (() => void)[] = [];
