/** When a circuit opens. */
export interface TripRule {
  /** In a row; more, where so many calls fail anyway that so long a run is chance. */
  failures: number;
  /** As a fraction of 1, of at least `minimum` calls in the last `window` milliseconds. */
  ratio: number;
  minimum: number;
  window: number;
}

const buckets = 10;

/** Of the calls of an upstream that is well: as unlikely as `failures` in a row are there, a run must be to tell of an outage. */
const usualShare = 0.05;

/**
 * Counts calls and failures over a sliding window, in ten buckets of time: what is forgotten, is forgotten by tenths of
 * the window. The run of failures is counted beside it and knows no time.
 */
export class FailureWindow {
  readonly #calls = new Uint32Array(buckets);
  readonly #failures = new Uint32Array(buckets);
  #callSum = 0;
  #failureSum = 0;
  #run = 0;
  #bucketMs = 0;
  /** Number of the newest bucket, counted from the clock's zero. */
  #newest = 0;

  /** Counts a call; says why the rule is met, if it is now. */
  record(failed: boolean, nowMs: number, rule: TripRule): string | undefined {
    this.#slide(nowMs, Math.max(rule.window, 1) / buckets);
    const slot = this.#newest % buckets;
    this.#calls[slot] = (this.#calls[slot] ?? 0) + 1;
    this.#callSum += 1;
    if (failed) {
      this.#failures[slot] = (this.#failures[slot] ?? 0) + 1;
      this.#failureSum += 1;
    }
    this.#run = failed ? this.#run + 1 : 0;
    return this.#tripped(rule);
  }

  #tripped({ failures, ratio, minimum }: TripRule): string | undefined {
    if (this.#run >= this.#telling(failures, minimum)) return `${this.#run} failures in a row`;
    const share = this.#failureSum / this.#callSum;
    if (this.#failureSum > 0 && this.#callSum >= minimum && share >= ratio) return `${this.#failureSum} of ${this.#callSum} calls failed`;
    return undefined;
  }

  /**
   * Failures in a row that tell of an outage, by the calls of the window before them: never fewer than `failures`. An upstream of which three calls in
   * ten fail has five in a row every few hundred calls, and is of more use than none.
   */
  #telling(failures: number, minimum: number): number {
    const calls = this.#callSum - this.#run;
    const share = (this.#failureSum - this.#run) / calls;
    return calls >= minimum && share > usualShare ? (failures * Math.log(usualShare)) / Math.log(share) : failures;
  }

  /** What is counted now, with the window of the last call. */
  counts(nowMs: number): { calls: number; failures: number; run: number } {
    if (this.#bucketMs > 0) this.#slide(nowMs, this.#bucketMs);
    return { calls: this.#callSum, failures: this.#failureSum, run: this.#run };
  }

  /** Forgets everything; a run that is given is gone on from. */
  reset(run = 0): void {
    this.#clear();
    this.#run = run;
  }

  #slide(nowMs: number, bucketMs: number): void {
    if (bucketMs !== this.#bucketMs) {
      // Another window by a reload: the old counts do not fit into its buckets.
      this.#clear();
      this.#bucketMs = bucketMs;
      this.#newest = Math.floor(nowMs / bucketMs);
      return;
    }
    const now = Math.floor(nowMs / bucketMs);
    if (now - this.#newest >= buckets) this.#clear();
    else for (let bucket = this.#newest + 1; bucket <= now; bucket += 1) this.#forget(bucket % buckets);
    this.#newest = now;
  }

  #forget(slot: number): void {
    this.#callSum -= this.#calls[slot] ?? 0;
    this.#failureSum -= this.#failures[slot] ?? 0;
    this.#calls[slot] = 0;
    this.#failures[slot] = 0;
  }

  #clear(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
    this.#callSum = 0;
    this.#failureSum = 0;
  }
}
