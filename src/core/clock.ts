import type { Signal } from './signal.ts';

/** A timer that was set; `cancel` is idempotent and may come after it fired. */
export interface Timer {
  cancel(): void;
}

/** All time that policies and agents see. Durations are measured on `now`, which never jumps. */
export interface Clock {
  /** Milliseconds on a monotonic scale with an arbitrary zero. */
  now(): number;
  /** Milliseconds since the Unix epoch: for showing times and reading HTTP dates, never for measuring. */
  wall(): number;
  /** Calls `fire` once after `delayMs`. Does not keep the process alive. */
  timer(delayMs: number, fire: () => void): Timer;
}

/** The longest delay that setTimeout takes (2^31 - 1 ms, 24.8 days); longer ones would fire at once. */
const longestDelayMs = 2_147_483_647;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  timer(delayMs, fire) {
    const handle = setTimeout(fire, Math.min(Math.max(delayMs, 0), longestDelayMs));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves to true after `delayMs`, or to false at once when the signal aborts. */
export function sleep(clock: Clock, delayMs: number, signal: Signal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = () => {
      timer.cancel();
      resolve(false);
    };
    const timer = clock.timer(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve(true);
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
