/** How often values fell between fixed bounds, in numbers that are made once. */
export class Histogram<Value extends string | number = string> {
  readonly attributes: Readonly<Record<string, Value>>;
  readonly #bounds: readonly number[];
  /** One more than bounds: the last counts what lies above them all. */
  readonly #counts: Float64Array;
  #count = 0;
  #sum = 0;

  constructor(attributes: Readonly<Record<string, Value>>, bounds: readonly number[]) {
    this.attributes = attributes;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** Counts a length of time given in milliseconds; one below 0, as of a clock read out of order, is 0. */
  observeMs(ms: number): void {
    this.observe(ms > 0 ? ms / 1000 : 0);
  }

  /** Counts a value in the unit of the bounds. */
  observe(value: number): void {
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((bounds[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    this.#counts[low] = (this.#counts[low] as number) + 1;
    this.#count += 1;
    this.#sum += value;
  }

  /** How many values there were so far. */
  get count(): number {
    return this.#count;
  }

  /** Counts in what another one of the same bounds has counted, per bucket. */
  add(counts: readonly number[], sum: number): void {
    for (const [index, count] of counts.entries()) {
      this.#counts[index] = (this.#counts[index] ?? 0) + count;
      this.#count += count;
    }
    this.#sum += sum;
  }

  /** A copy of what was counted: per bucket, not cumulated, bounds inclusive above. */
  read(): { count: number; sum: number; buckets: { boundaries: number[]; counts: number[] } } {
    return { count: this.#count, sum: this.#sum, buckets: { boundaries: [...this.#bounds], counts: Array.from(this.#counts) } };
  }
}
