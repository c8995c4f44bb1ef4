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
  #listeners: (() => void)[] = [];

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
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.#aborted && !this.#listeners.includes(listener)) this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at < 0) return;
    // Nearly always there is one, and nothing is to be made anew for it.
    if (this.#listeners.length === 1) this.#listeners.pop();
    else this.#listeners = this.#listeners.filter((other) => other !== listener);
  }
}
