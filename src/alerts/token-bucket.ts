/** So many messages in a burst, and so many a minute. */
const capacity = 20;
const refillMs = 60_000 / capacity;

/** Bounds how often one channel is used. */
export class TokenBucket {
  #tokens = capacity;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  take(nowMs: number): boolean {
    this.#tokens = Math.min(this.#tokens + Math.max(nowMs - this.#atMs, 0) / refillMs, capacity);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
