import type { Clock, Timer } from '../core/clock.ts';

/**
 * Tells once when a body has been silent for its limit. Silence counts only while a read is pending, so a slow reader is
 * not the upstream's fault, and only `heard` ends it. One timer a body, set again when it fires early, not at every chunk.
 */
export class SilenceTimer {
  readonly #clock: Clock;
  readonly #expired: (limitMs: number) => void;
  #limitMs: number | undefined;
  #silentMs = 0;
  #waitingSince: number | undefined;
  #timer: Timer | undefined;
  #stopped = false;
  readonly #fire = () => {
    this.#timer = undefined;
    // A reader that is busy elsewhere sets the timer again at its next read.
    if (this.#waitingSince === undefined || this.#limitMs === undefined) return;
    if (this.#leftMs() > 0) this.#arm();
    else {
      const limitMs = this.#limitMs;
      this.stop();
      this.#expired(limitMs);
    }
  };

  /** `limitMs` is undefined for none, until `heard` sets one. `expired` is called with the limit that ran out. */
  constructor(clock: Clock, limitMs: number | undefined, expired: (limitMs: number) => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#expired = expired;
  }

  /** A read begins. */
  waiting(): void {
    this.#waitingSince = this.#clock.now();
    this.#arm();
  }

  /** The read is over. */
  served(): void {
    if (this.#waitingSince === undefined) return;
    this.#silentMs += this.#clock.now() - this.#waitingSince;
    this.#waitingSince = undefined;
  }

  /** The silence is over: counts from zero, against another limit from now on. Gives how long it was, in milliseconds. */
  heard(limitMs: number | undefined): number {
    if (this.#stopped) return 0;
    let silentMs = this.#silentMs;
    this.#silentMs = 0;
    if (this.#waitingSince !== undefined) {
      const now = this.#clock.now();
      silentMs += now - this.#waitingSince;
      this.#waitingSince = now;
    }
    if (limitMs !== this.#limitMs) this.#limit(limitMs);
    return silentMs;
  }

  /** Never tells again. */
  stop(): void {
    this.#stopped = true;
    this.#limitMs = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #limit(limitMs: number | undefined): void {
    this.#limitMs = limitMs;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#waitingSince !== undefined) this.#arm();
  }

  #arm(): void {
    if (this.#limitMs !== undefined) this.#timer ??= this.#clock.timer(this.#leftMs(), this.#fire);
  }

  #leftMs(): number {
    const waitedMs = this.#waitingSince === undefined ? 0 : this.#clock.now() - this.#waitingSince;
    return (this.#limitMs ?? 0) - this.#silentMs - waitedMs;
  }
}
