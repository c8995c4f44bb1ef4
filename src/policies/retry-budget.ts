import type { Clock } from '../core/clock.ts';
import type { PolicyContext } from '../core/policy.ts';

/** Retries that the window may hold: `ratio` of its calls and `minimum` besides. */
export interface BudgetLimits {
  /** As a fraction of 1. */
  ratio: number;
  minimum: number;
}

/** A retry that has its place; `cancel` gives the place back where the retry is not sent after all. */
export interface Reservation {
  cancel(): void;
}

const bucketMs = 1000;
const windowBuckets = 10;

/**
 * Keeps the retries to one upstream within a share of its calls of the last 10 s, so that they cannot multiply the load
 * on one that is failing. A retry counts at the time it is sent, not when its wait begins: calls that wait for one moment
 * share what that moment has. The limits are the caller's, so that a new configuration acts at once.
 */
export class RetryBudget {
  readonly #clock: Clock;
  readonly #calls = new Map<number, number>();
  readonly #retries = new Map<number, number>();
  /** Of the last retry that was asked for. */
  #limits: BudgetLimits = { ratio: 0, minimum: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a call, which retries may be made for. */
  countCall(): void {
    const bucket = bucketOf(this.#clock.now());
    if (!this.#calls.has(bucket)) forget(this.#calls, bucket - windowBuckets);
    add(this.#calls, bucket, 1);
  }

  /** A place for a retry that is sent in `waitMs`; undefined where the budget is spent. */
  reserve(waitMs: number, limits: BudgetLimits): Reservation | undefined {
    this.#limits = limits;
    const now = this.#clock.now();
    const bucket = bucketOf(now + waitMs);
    if (this.#busiest(bucket) + 1 > this.#allowed(limits)) return undefined;
    if (!this.#retries.has(bucket)) forget(this.#retries, bucketOf(now) - windowBuckets);
    add(this.#retries, bucket, 1);
    return { cancel: () => add(this.#retries, bucket, -1) };
  }

  /** What is counted now: calls and retries of the last 10 s, and how many retries those calls allow. */
  inspect(limits: BudgetLimits): { calls: number; retries: number; allowed: number } {
    const bucket = bucketOf(this.#clock.now());
    return { calls: this.#recentCalls(), retries: sum(this.#retries, bucket - windowBuckets, bucket), allowed: this.#allowed(limits) };
  }

  /** The share that is spent of what the calls of the last 10 s allow, from 0 to 1, by the limits that were last asked with. */
  get used(): number {
    const { retries, allowed } = this.inspect(this.#limits);
    return retries === 0 ? 0 : Math.min(retries / allowed, 1);
  }

  #allowed({ ratio, minimum }: BudgetLimits): number {
    return ratio * this.#recentCalls() + minimum;
  }

  #recentCalls(): number {
    const bucket = bucketOf(this.#clock.now());
    return sum(this.#calls, bucket - windowBuckets + 1, bucket);
  }

  /** The most retries in any window that contains the bucket. One bucket more than the window, as its first is cut. */
  #busiest(bucket: number): number {
    let most = 0;
    for (let last = bucket; last <= bucket + windowBuckets; last += 1) {
      most = Math.max(most, sum(this.#retries, last - windowBuckets, last));
    }
    return most;
  }
}

/** The retry budget of an upstream, shared by every stack. What is only observed spends one of its own. */
export function retryBudgetOf({ clock, state }: Pick<PolicyContext, 'clock' | 'state'>, upstream: string, observed = false): RetryBudget {
  return state(observed ? 'retry (observed)' : 'retry', upstream, () => new RetryBudget(clock));
}

function bucketOf(atMs: number): number {
  return Math.floor(atMs / bucketMs);
}

function add(counts: Map<number, number>, bucket: number, amount: number): void {
  counts.set(bucket, (counts.get(bucket) ?? 0) + amount);
}

function sum(counts: ReadonlyMap<number, number>, first: number, last: number): number {
  let total = 0;
  for (let bucket = first; bucket <= last; bucket += 1) total += counts.get(bucket) ?? 0;
  return total;
}

function forget(counts: Map<number, number>, before: number): void {
  for (const bucket of counts.keys()) if (bucket < before) counts.delete(bucket);
}
