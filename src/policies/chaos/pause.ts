import type { Clock, Timer } from '../../core/clock.ts';

/** A wait that can be ended from outside, as when the body that it holds up is given up. */
export class Pause {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #resolve: (() => void) | undefined;
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `delayMs`, without one only by `stop`. One wait at a time. */
  wait(delayMs: number | undefined): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (delayMs !== undefined) this.#timer = this.#clock.timer(delayMs, resolve);
    });
  }

  /** Ends the wait, and lets no other begin. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#resolve?.();
  }
}
