import { z } from 'zod';
import { sleep } from '../core/clock.ts';
import type { Event, NotRetried } from '../core/event.ts';
import { type Exchange, type Handler, withChanges } from '../core/exchange.ts';
import { abortedFailure } from '../core/failure.ts';
import type { Failure, Outcome, Reply } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import { type Verdict, verdicts } from '../core/verdict.ts';
import { count, duration, share } from '../settings/units.ts';
import { type Adjusted, Adjustments, adjustSettings, needsAdjustment } from './adjust.ts';
import { type Backoff, backoffSettings, createBackoff } from './backoff/backoff.ts';
import { circuitsOf } from './circuits.ts';
import { mustBeTold } from './must-be-told.ts';
import { resendObstacle } from './resend-safety.ts';
import { type Reservation, type RetryBudget, retryBudgetOf } from './retry-budget.ts';
import { type RetryLearning, retryLearningOf } from './retry-learning.ts';

export const retrySettings = z.strictObject({
  /** In all, per target, the first one included. */
  attempts: count.max(10).default(3),
  /** A spent quota, a wrong key and a wrong request stay what they are: they cannot be named here. */
  on: z
    .array(z.enum(verdicts).exclude(['ok', 'cancelled', 'refused', 'quota-exhausted', 'auth', 'client-error']))
    .default(['rate-limited', 'overloaded', 'server-error', 'network', 'timeout']),
  backoff: backoffSettings.prefault({}),
  /** A stated wait is a floor for ours; one above `max` is not waited for. */
  retryAfter: z.strictObject({ respect: z.boolean().default(true), max: duration.prefault('60s') }).prefault({}),
  /** Retries against the calls of the last 10 s, per upstream. */
  budget: z.strictObject({ ratio: share.prefault('20%'), minimum: z.int().min(0).default(10) }).prefault({}),
  /** When the adaptive strategy stops retrying a verdict: fewer of its retries than that share have helped within the window. */
  adapt: z.strictObject({ minimumSuccess: share.prefault('30%'), window: duration.prefault('5m') }).prefault({}),
  /** An attempt that took longer before it failed is not made again; none unless set. */
  onlyIfFailedWithin: duration.optional(),
  /** Changes of the prompt for further attempts, tried in order; none unless set. */
  adjust: adjustSettings,
  observe: z.boolean().default(false),
});

export type RetrySettings = z.output<typeof retrySettings>;

/**
 * Asks the same target again after an outcome that may pass. If nothing better comes, the upstream's own last reply is
 * handed up rather than a failure of ours.
 */
export function createRetry(settings: RetrySettings, context: PolicyContext, surroundings: RetrySurroundings = {}): Policy {
  return new Retry(settings, context, surroundings);
}

/** What a retry must know beside its settings. */
export interface RetrySurroundings {
  /** Whether the policy set has a breaker that acts. */
  readonly breaks?: boolean;
}

/** What a plan for another attempt depends on, beside the outcome. */
interface SoFar {
  attempts: number;
  /** Of the last attempt, on the clock's scale, where that matters. */
  startedAt: number;
  budget: RetryBudget;
  learning: RetryLearning | undefined;
  adjustments: Adjustments | undefined;
}

interface Wait {
  waitMs: number;
  source: 'computed' | 'retry-after';
  reservation: Reservation;
  /** The prompt of the attempt, where it is to be another one than before. */
  adjusted: Adjusted | undefined;
}

class Retry implements Policy {
  readonly name = 'retry';
  readonly #settings: RetrySettings;
  readonly #context: PolicyContext;
  readonly #breaks: boolean;
  readonly #on: ReadonlySet<Verdict>;
  readonly #backoff: Backoff;
  /** By upstream. */
  readonly #budgets = new Map<string, RetryBudget>();
  /** By upstream, for the adaptive strategy. */
  readonly #learning: Map<string, RetryLearning> | undefined;

  constructor(settings: RetrySettings, context: PolicyContext, { breaks = false }: RetrySurroundings) {
    this.#settings = settings;
    this.#context = context;
    this.#breaks = breaks;
    this.#on = new Set(settings.on);
    this.#backoff = createBackoff(settings.backoff, context.random);
    // Who makes no retry learns nothing.
    this.#learning = settings.backoff.strategy === 'adaptive' && !settings.observe ? new Map() : undefined;
  }

  async run(exchange: Exchange, next: Handler): Promise<Outcome> {
    const { signal, target } = exchange;
    const budget = this.#budgetOf(target.upstream);
    budget.countCall();
    const learning = this.#learning && this.#learningOf(target.upstream, this.#learning);
    let kept: Reply | undefined;
    /** What the attempt under way is a retry of, where something can be learned from it. */
    let retried: Verdict | undefined;
    let adjustments: Adjustments | undefined;
    let adjusted: Adjusted | undefined;

    for (let attempts = 1; ; attempts += 1) {
      const startedAt = this.#settings.onlyIfFailedWithin === undefined ? 0 : this.#context.clock.now();
      const outcome = await next(adjusted ? withChanges(exchange, { request: adjusted.request }) : exchange);
      if (retried !== undefined) this.#learn(retried, outcome, learning);
      if (outcome.kind === 'tunnel' || outcome.verdict === 'ok') {
        kept?.discard();
        return outcome;
      }
      const about = { attempt: exchange.opened.attempts, upstream: target.upstream, reason: outcome.verdict };
      if (this.#settings.adjust.length > 0) adjustments ??= new Adjustments(this.#settings.adjust, exchange);
      const plan = await this.#plan(exchange, outcome, { attempts, startedAt, budget, learning, adjustments });
      if (typeof plan === 'string') this.#note(exchange, { kind: 'retry-given-up', ...about, why: plan });
      if (plan === undefined || typeof plan === 'string') return best(exchange, kept, outcome);

      if (!this.#settings.observe) {
        if (outcome.kind === 'reply') {
          kept?.discard();
          kept = outcome;
        }
        if (!(await sleep(this.#context.clock, plan.waitMs, signal))) {
          plan.reservation.cancel();
          return best(exchange, kept, abortedFailure(signal, outcome.kind === 'failure' ? outcome.sent : 'maybe'));
        }
      }
      // Told when it is sent, so that what is counted is what the upstream gets.
      this.#note(exchange, { kind: 'retry', ...about, waitMs: plan.waitMs, source: plan.source });
      adjusted = plan.adjusted ?? adjusted;
      if (adjusted) this.#note(exchange, { kind: 'prompt-adjusted', attempt: about.attempt + 1, adjustment: adjusted.name });
      if (this.#settings.observe) return outcome;
      retried = learning && outcome.origin !== 'chaos' ? outcome.verdict : undefined;
    }
  }

  /** The budgets of the upstreams that it has seen, and what the adaptive strategy has learned of them. */
  inspect(): unknown {
    const budgets = [...this.#budgets].map(([upstream, budget]) => [upstream, budget.inspect(this.#settings.budget)]);
    const learned = this.#learning && [...this.#learning].map(([upstream, learning]) => [upstream, learning.inspect(this.#settings.adapt)]);
    return { budgets: Object.fromEntries(budgets), ...(learned && { learned: Object.fromEntries(learned) }) };
  }

  /** The wait before another attempt, or why there is none; undefined where there is no question of one. */
  async #plan(exchange: Exchange, outcome: Reply | Failure, sofar: SoFar): Promise<Wait | NotRetried | undefined> {
    const { attempts, startedAt, budget, learning, adjustments } = sofar;
    // A refusal of ours passes on its own time; the question is open only where retries were under way.
    if (outcome.verdict === 'refused') return attempts > 1 ? 'refused' : undefined;
    const needsAnother = needsAdjustment(this.#settings.adjust, outcome.verdict);
    if (!needsAnother && !this.#on.has(outcome.verdict)) return undefined;
    if (attempts >= this.#settings.attempts) return 'attempts';
    const { onlyIfFailedWithin } = this.#settings;
    if (onlyIfFailedWithin !== undefined && this.#context.clock.now() - startedAt > onlyIfFailedWithin) return 'slow';
    const obstacle = await resendObstacle(exchange, outcome);
    if (obstacle) return obstacle;
    const adjusted = adjustments?.after(outcome);
    if (needsAnother && !adjusted) return undefined;

    const { respect, max } = this.#settings.retryAfter;
    const floorMs = respect ? (outcome.retryAfterMs ?? 0) : 0;
    if (floorMs > max) return 'retry-after';
    const computedMs = this.#backoff(attempts, learning?.helpedShare(outcome.verdict));
    const waitMs = Math.max(computedMs, floorMs);
    if (this.#context.clock.now() + waitMs >= exchange.deadline) return 'deadline';
    // To wait for a refusal would only keep the call from a fallback.
    if (this.#breaks && this.#isShutFor(waitMs, exchange)) return 'refused';
    if (learning && !learning.allows(outcome.verdict, this.#settings.adapt)) return 'unhelpful';
    const reservation = budget.reserve(waitMs, this.#settings.budget);
    if (!reservation) return 'budget';
    if (outcome.origin !== 'chaos') learning?.planned(outcome.verdict, this.#settings.adapt);
    return { waitMs, source: floorMs > computedMs ? 'retry-after' : 'computed', reservation, adjusted };
  }

  /** Whether the breaker lets no call pass for longer than that. */
  #isShutFor(waitMs: number, { target, request }: Exchange): boolean {
    const call = request.call();
    const model = target.model ?? (call instanceof Promise ? undefined : call.model);
    const refusal = circuitsOf(this.#context, target.upstream).lane(model).refusal();
    return (refusal?.retryAfterMs ?? 0) > waitMs;
  }

  /** Only what says whether the retry has helped: not an answer about the call itself, nor what we have done ourselves. */
  #learn(retried: Verdict, outcome: Outcome, learning: RetryLearning | undefined): void {
    if (outcome.kind !== 'tunnel') {
      if (outcome.origin === 'chaos' || isOutOfTime(outcome)) return;
      if (outcome.verdict !== 'ok' && !this.#on.has(outcome.verdict)) return;
    }
    learning?.learn(retried, outcome.kind === 'tunnel' || outcome.verdict === 'ok', this.#settings.adapt);
  }

  #budgetOf(upstream: string): RetryBudget {
    let budget = this.#budgets.get(upstream);
    if (!budget) {
      budget = retryBudgetOf(this.#context, upstream, this.#settings.observe);
      this.#budgets.set(upstream, budget);
    }
    return budget;
  }

  #learningOf(upstream: string, known: Map<string, RetryLearning>): RetryLearning {
    let learning = known.get(upstream);
    if (!learning) {
      learning = retryLearningOf(this.#context, upstream);
      known.set(upstream, learning);
    }
    return learning;
  }

  #note(exchange: Exchange, event: Exclude<Event, { kind: 'would' }>): void {
    exchange.note(this.#settings.observe ? { kind: 'would', attempt: event.attempt, event } : event);
  }
}

/** The upstream's last reply goes before a failure of ours, except where that would hide what the agent must know. */
async function best(exchange: Exchange, kept: Reply | undefined, last: Reply | Failure): Promise<Outcome> {
  if (!kept) return last;
  if (last.kind === 'failure' && !(await mustBeTold(exchange, last))) return kept;
  kept.discard();
  return last;
}

/** The time of the whole call was up: that says nothing of the upstream. */
function isOutOfTime(outcome: Reply | Failure): boolean {
  return outcome.kind === 'failure' && outcome.phase === 'deadline';
}
