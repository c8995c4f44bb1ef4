import type { RawHeaders } from '../core/headers.ts';

const windowMs = 60_000;

/** Counts the requests of each minute against a limit, and tells of it as OpenAI does. It refuses nobody. */
export class RequestLimit {
  readonly #limit: number;
  #windowAt = Number.NEGATIVE_INFINITY;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes one request, at a time in milliseconds on any scale; gives the fields that tell what is left. */
  take(nowMs: number): RawHeaders {
    if (nowMs - this.#windowAt >= windowMs) {
      this.#windowAt = nowMs;
      this.#used = 0;
    }
    this.#used += 1;
    const seconds = Math.ceil((this.#windowAt + windowMs - nowMs) / 1000);
    return [
      ...['x-ratelimit-limit-requests', String(this.#limit)],
      ...['x-ratelimit-remaining-requests', String(Math.max(0, this.#limit - this.#used))],
      ...['x-ratelimit-reset-requests', `${seconds}s`],
    ];
  }
}
