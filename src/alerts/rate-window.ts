const buckets = 12;

/** Counts of the last `windowMs`, in buckets of a twelfth: adding costs nothing, and what is past its time falls out. */
export class RateWindow {
  readonly bucketMs: number;
  readonly #all = new Float64Array(buckets);
  readonly #marked = new Float64Array(buckets);
  /** Number of the bucket that was written last, counted since the clock's zero. */
  #at = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number) {
    this.bucketMs = Math.max(windowMs / buckets, 1);
  }

  /** Adds to the whole, and to what is marked of it. */
  add(nowMs: number, all: number, marked: number): void {
    const at = Math.floor(nowMs / this.bucketMs);
    if (at !== this.#at) this.#moveTo(at);
    const index = at % buckets;
    this.#all[index] = (this.#all[index] ?? 0) + all;
    this.#marked[index] = (this.#marked[index] ?? 0) + marked;
  }

  /** What the window holds. */
  read(nowMs: number): { readonly all: number; readonly marked: number } {
    this.#moveTo(Math.floor(nowMs / this.bucketMs));
    return { all: sum(this.#all), marked: sum(this.#marked) };
  }

  #moveTo(at: number): void {
    const gone = Math.min(at - this.#at, buckets);
    for (let step = 0; step < gone; step++) {
      const index = (at - step + buckets) % buckets;
      this.#all[index] = 0;
      this.#marked[index] = 0;
    }
    this.#at = Math.max(at, this.#at);
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
