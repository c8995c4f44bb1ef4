import { SlidingCounts } from './sliding-counts.ts';

/** Each bucket ends 5 % above the one before it, from a millisecond to half an hour. */
const growth = Math.log(1.05);
const buckets = Math.ceil(Math.log(1_800_000) / growth) + 1;

/** How long things took within a window of time, to 5 %. */
export class SlidingQuantile {
  readonly #counts: SlidingCounts;

  constructor(windowMs: number, now: number) {
    this.#counts = new SlidingCounts(buckets, windowMs, now);
  }

  add(ms: number): void {
    this.#counts.add(ms > 1 ? Math.min(Math.ceil(Math.log(ms) / growth), buckets - 1) : 0);
  }

  advance(now: number): void {
    this.#counts.advance(now);
  }

  /** Milliseconds that this share of all took at most; undefined where there are fewer than `minimum`. */
  quantile(share: number, minimum: number): number | undefined {
    let all = 0;
    for (let bucket = 0; bucket < buckets; bucket += 1) all += this.#counts.sum(bucket);
    if (all < minimum || all === 0) return undefined;
    let seen = 0;
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      seen += this.#counts.sum(bucket);
      if (seen >= share * all) return Math.exp(bucket * growth);
    }
    return undefined;
  }
}
