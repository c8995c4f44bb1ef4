/** What a call has shown of the load that its upstream is under. Times are on the clock's scale, in milliseconds. */
export interface LoadSign {
  /** When it was sent. */
  startedAt: number;
  nowMs: number;
  /** Calls under way, itself included. */
  inUse: number;
}

/** How much a refusal for overload takes off, and how much a slow answer does. */
const afterOverload = 0.7;
const afterSlowness = 0.9;
/** Slow is an average of the last ten or so answers this many times above that of the last hundreds. */
const slowness = Math.log(2);
const recentWeight = 1 / 10;
const usualWeight = 1 / 500;
/** What is usual comes down faster where it is far too high: an upstream that got well again is soon known to be quick. */
const recoveryWeight = 1 / 20;
/** Fewer answers tell nothing of what is usual. */
const warmUp = 20;

/**
 * A limit of calls at a time that finds out what an upstream can bear, between 1 and a ceiling, where it begins: it grows by
 * one for each round of good answers while at least half of it is in use, and shrinks by a share at overload and when the
 * time to the first byte rises. What a call from before the last cut shows does not cut again. Times are averaged as
 * logarithms, so that one long prompt means little. Source: additive increase, multiplicative decrease (Chiu and Jain,
 * 1989); the two averages are those of Netflix' concurrency-limits, Gradient2.
 */
export class AdaptiveLimit {
  #ceiling: number;
  #limit: number;
  #cutAt = Number.NEGATIVE_INFINITY;
  #answers = 0;
  /** Logarithms of milliseconds. */
  #recent = 0;
  #usual = 0;

  constructor(ceiling: number) {
    this.#ceiling = ceiling;
    this.#limit = ceiling;
  }

  /** Calls at a time, a whole number of at least 1. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  get ceiling(): number {
    return this.#ceiling;
  }

  /** A higher one is grown to, a lower one holds at once. */
  set ceiling(ceiling: number) {
    this.#ceiling = ceiling;
    this.#limit = Math.min(this.#limit, ceiling);
  }

  /** A good answer has begun, after `firstByteMs` where that says something of the load. */
  answered(firstByteMs: number | undefined, sign: LoadSign): void {
    if (firstByteMs !== undefined && this.#isSlow(firstByteMs)) this.#cut(afterSlowness, sign);
    else if (sign.inUse * 2 >= this.limit) this.#limit = Math.min(this.#limit + 1 / this.#limit, this.#ceiling);
  }

  /** The upstream has said that it is asked too much, or has not answered in time. */
  overloaded(sign: LoadSign): void {
    this.#cut(afterOverload, sign);
  }

  /** What it knows, as JSON. */
  inspect(): { ceiling: number; recentFirstByteMs: number; usualFirstByteMs: number } {
    const shown = (log: number) => (this.#answers === 0 ? 0 : Math.round(Math.exp(log)));
    return { ceiling: this.#ceiling, recentFirstByteMs: shown(this.#recent), usualFirstByteMs: shown(this.#usual) };
  }

  /** What was never used proves nothing: at most twice of what is in use is taken for the limit. */
  #cut(factor: number, { startedAt, nowMs, inUse }: LoadSign): void {
    if (startedAt < this.#cutAt) return;
    this.#cutAt = nowMs;
    this.#limit = Math.max(Math.min(this.#limit, inUse * 2) * factor, 1);
  }

  #isSlow(firstByteMs: number): boolean {
    const log = Math.log(Math.max(firstByteMs, 1));
    this.#answers += 1;
    this.#recent += (log - this.#recent) * Math.max(recentWeight, 1 / this.#answers);
    this.#usual += (log - this.#usual) * Math.max(usualWeight, 1 / this.#answers);
    if (this.#usual - this.#recent > slowness) this.#usual += (this.#recent - this.#usual) * recoveryWeight;
    return this.#answers >= warmUp && this.#recent - this.#usual > slowness;
  }
}
