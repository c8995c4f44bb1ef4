import type { CallOutcome, Event } from '../../core/event.ts';
import type { Verdict } from '../../core/verdict.ts';
import { SlidingCounts } from './sliding-counts.ts';
import { SlidingQuantile } from './sliding-quantile.ts';

/** What an agent takes for an error of ours or of an upstream's. */
const failedOutcomes: ReadonlySet<CallOutcome> = new Set(['upstream-error', 'timeout', 'refused']);
/** What says nothing of how well calls are served. */
const uncountedOutcomes: ReadonlySet<CallOutcome> = new Set(['cancelled', 'paused']);

/** What an upstream did not answer, and what says nothing of it. */
const unansweredVerdicts: ReadonlySet<Verdict> = new Set(['overloaded', 'server-error', 'network', 'timeout']);
const uncountedVerdicts: ReadonlySet<Verdict> = new Set(['cancelled', 'refused']);

const all = 0;
const bad = 1;
const columns = 2;

/** How calls and attempts went within a window of time. To be told of them costs some additions. */
export class Traffic {
  readonly #calls: SlidingCounts;
  readonly #headMs: SlidingQuantile;
  readonly #windowMs: number;
  #upstreams: ReadonlyMap<string, SlidingCounts> = new Map();

  /** `now` is on the scale of `advance`. */
  constructor(upstreams: readonly string[], windowMs: number, now: number) {
    this.#calls = new SlidingCounts(columns, windowMs, now);
    this.#headMs = new SlidingQuantile(windowMs, now);
    this.#windowMs = windowMs;
    this.name(upstreams, now);
  }

  /** Counts for these upstreams and no others. */
  name(upstreams: readonly string[], now: number): void {
    const known = this.#upstreams;
    this.#upstreams = new Map(upstreams.map((name) => [name, known.get(name) ?? new SlidingCounts(columns, this.#windowMs, now)]));
  }

  on(event: Event): void {
    if (event.kind === 'call-ended') {
      if (uncountedOutcomes.has(event.outcome)) return;
      this.#calls.add(all);
      if (failedOutcomes.has(event.outcome)) this.#calls.add(bad);
    } else if (event.kind === 'committed') {
      this.#headMs.add(event.ms);
    } else if (event.kind === 'attempt-ended' || (event.kind === 'attempt-answered' && event.status === undefined)) {
      const counts = this.#upstreams.get(event.upstream);
      if (!counts || uncountedVerdicts.has(event.verdict)) return;
      counts.add(all);
      if (unansweredVerdicts.has(event.verdict)) counts.add(bad);
    }
  }

  advance(now: number): void {
    this.#calls.advance(now);
    this.#headMs.advance(now);
    for (const counts of this.#upstreams.values()) counts.advance(now);
  }

  /** Share of the calls that failed; undefined where there are fewer than `minimum`. */
  errorRate(minimum: number): number | undefined {
    return badShare(this.#calls, minimum);
  }

  /** To the head of the answer, in milliseconds, of the slowest call but one in 20. */
  latencyMs(minimum: number): number | undefined {
    return this.#headMs.quantile(0.95, minimum);
  }

  /** The upstream that answered the smallest share of its attempts, of those with `minimum` of them. */
  availability(minimum: number): { readonly upstream: string; readonly share: number } | undefined {
    let lowest: { upstream: string; share: number } | undefined;
    for (const [upstream, counts] of this.#upstreams) {
      const unanswered = badShare(counts, minimum);
      if (unanswered !== undefined && (!lowest || 1 - unanswered < lowest.share)) lowest = { upstream, share: 1 - unanswered };
    }
    return lowest;
  }
}

function badShare(counts: SlidingCounts, minimum: number): number | undefined {
  const of = counts.sum(all);
  return of < minimum || of === 0 ? undefined : counts.sum(bad) / of;
}
