import type { PolicyContext } from '../core/policy.ts';
import type { Verdict } from '../core/verdict.ts';
import { FailureWindow, type TripRule } from './failure-window.ts';

/** When retries of a verdict are given up for not helping. */
export interface LearningRule {
  /** As a fraction of 1. */
  minimumSuccess: number;
  /** What is older is forgotten; milliseconds. */
  window: number;
}

/** Fewer retries within the window prove nothing. */
const evidence = 10;
/** While retries of a verdict are stopped, so many probes are sent within one window. */
const probesPerWindow = 20;
/** So many probes in a row that help end the stop, and what was learned before is forgotten. */
const probesToRecover = 3;

/**
 * What retries to one upstream have been good for, by the verdict that they answered. A verdict whose retries help too
 * seldom is not retried any more, but for a probe now and then. Holds nothing of any call.
 */
export class RetryLearning {
  readonly #clock: PolicyContext['clock'];
  readonly #verdicts = new Map<Verdict, Learned>();

  constructor(clock: PolicyContext['clock']) {
    this.#clock = clock;
  }

  /** How often a retry after the verdict has helped, as a fraction of 1; leans to one half while there is little to learn from. */
  helpedShare(verdict: Verdict): number {
    const learned = this.#verdicts.get(verdict);
    if (!learned) return 0.5;
    const { calls, failures } = learned.window.counts(this.#clock.now());
    return (calls - failures + 1) / (calls + 2);
  }

  /** Whether the verdict is to be retried now: its retries help, or it is time for a probe. */
  allows(verdict: Verdict, rule: LearningRule): boolean {
    const learned = this.#verdicts.get(verdict);
    return !learned || !this.#isStopped(learned, rule) || this.#clock.now() >= learned.probeAt;
  }

  /** A retry after the verdict is going to be sent: where they are stopped, it is the probe. */
  planned(verdict: Verdict, rule: LearningRule): void {
    const learned = this.#verdicts.get(verdict);
    if (learned && this.#isStopped(learned, rule)) learned.probeAt = this.#clock.now() + rule.window / probesPerWindow;
  }

  /** A retry after the verdict was answered. */
  learn(verdict: Verdict, helped: boolean, rule: LearningRule): void {
    const learned = this.#of(verdict);
    learned.helpedInRow = helped ? learned.helpedInRow + 1 : 0;
    if (learned.helpedInRow >= probesToRecover && this.#isStopped(learned, rule)) learned.window.reset();
    learned.window.record(!helped, this.#clock.now(), neverTrips(rule));
  }

  /** By verdict: the retries within the window, how many of them helped, and whether there are only probes now. */
  inspect(rule: LearningRule): Record<string, { retries: number; helped: number; stopped: boolean }> {
    const entries = [...this.#verdicts].map(([verdict, learned]) => {
      const { calls, failures } = learned.window.counts(this.#clock.now());
      return [verdict, { retries: calls, helped: calls - failures, stopped: this.#isStopped(learned, rule) }] as const;
    });
    return Object.fromEntries(entries);
  }

  #isStopped({ window }: Learned, { minimumSuccess }: LearningRule): boolean {
    const { calls, failures } = window.counts(this.#clock.now());
    return calls >= evidence && calls - failures < minimumSuccess * calls;
  }

  #of(verdict: Verdict): Learned {
    let learned = this.#verdicts.get(verdict);
    if (!learned) {
      learned = { window: new FailureWindow(), probeAt: 0, helpedInRow: 0 };
      this.#verdicts.set(verdict, learned);
    }
    return learned;
  }
}

/** What was learned of an upstream, shared by every stack. */
export function retryLearningOf({ clock, state }: Pick<PolicyContext, 'clock' | 'state'>, upstream: string): RetryLearning {
  return state('retry learning', upstream, () => new RetryLearning(clock));
}

interface Learned {
  readonly window: FailureWindow;
  /** When the next probe may be sent, on the clock's scale. */
  probeAt: number;
  helpedInRow: number;
}

function neverTrips({ window }: LearningRule): TripRule {
  return { failures: Number.POSITIVE_INFINITY, ratio: 2, minimum: 1, window };
}
