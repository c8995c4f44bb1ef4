import { LRUCache } from 'lru-cache';

/** Requests further apart are no storm. */
const spanMs = 60_000;
/** Times of one request that are kept. */
const timesKept = 64;

/** One request that was sent before. */
export interface SentBefore {
  /** Checksum of its body; undefined while it has not come twice. */
  checksum: number | undefined;
  /** When it was sent to no good reason, its first time included. */
  readonly times: number[];
  /** It had a good answer, so that there was no reason to send it again. */
  answered: boolean;
  /** How often it had come when that was told last. */
  told: number;
}

/**
 * Counts the same request again and again although it was answered. Sent again after a failure, after a hang-up or while
 * another is still under way, it counts for nothing: clients do so for good reasons.
 */
export class Storms {
  readonly #sent: LRUCache<string, SentBefore>;

  constructor(maximum: number) {
    this.#sent = new LRUCache({ max: maximum });
  }

  /** `name` tells requests apart but for what `checksum` tells; `retried` where the client says itself that it tries again. */
  sent(name: string, checksum: () => number, retried: boolean, nowMs: number): SentBefore {
    const known = this.#sent.get(name);
    if (!known || nowMs - (known.times.at(-1) ?? 0) > spanMs) return this.#first(name, undefined, nowMs);
    const sum = checksum();
    if (known.checksum !== undefined && known.checksum !== sum) return this.#first(name, sum, nowMs);
    known.checksum = sum;
    if (!known.answered || retried) return known;
    known.answered = false;
    known.times.push(nowMs);
    while (known.times.length > timesKept || nowMs - (known.times[0] ?? nowMs) > spanMs) known.times.shift();
    return known;
  }

  #first(name: string, checksum: number | undefined, nowMs: number): SentBefore {
    const sent = { checksum, times: [nowMs], answered: false, told: 0 };
    this.#sent.set(name, sent);
    return sent;
  }
}
