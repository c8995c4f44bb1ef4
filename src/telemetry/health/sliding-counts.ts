/** So many parts a window has: it moves on by one at a time. */
const slots = 60;

/**
 * Several counts of what has happened within a window of time. To count is to add to a number; time passes only when
 * `advance` is called.
 */
export class SlidingCounts {
  readonly #columns: number;
  readonly #slotMs: number;
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  #slot = 0;
  #slotStart: number;

  /** `now` is on the scale of `advance`. */
  constructor(columns: number, windowMs: number, now: number) {
    this.#columns = columns;
    this.#slotMs = windowMs / slots;
    this.#counts = new Float64Array(columns * slots);
    this.#sums = new Float64Array(columns);
    this.#slotStart = now;
  }

  add(column: number, amount = 1): void {
    const at = this.#slot * this.#columns + column;
    this.#counts[at] = (this.#counts[at] as number) + amount;
    this.#sums[column] = (this.#sums[column] as number) + amount;
  }

  /** Of one count, over the window. */
  sum(column: number): number {
    return this.#sums[column] ?? 0;
  }

  /** Forgets what is older than the window. */
  advance(now: number): void {
    const steps = Math.floor((now - this.#slotStart) / this.#slotMs);
    if (steps <= 0) return;
    this.#slotStart += steps * this.#slotMs;
    for (let step = 0; step < Math.min(steps, slots); step += 1) this.#next();
  }

  #next(): void {
    this.#slot = (this.#slot + 1) % slots;
    const from = this.#slot * this.#columns;
    for (let column = 0; column < this.#columns; column += 1) {
      this.#sums[column] = (this.#sums[column] as number) - (this.#counts[from + column] as number);
    }
    this.#counts.fill(0, from, from + this.#columns);
  }
}
