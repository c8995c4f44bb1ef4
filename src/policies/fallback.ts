import { z } from 'zod';
import type { Event } from '../core/event.ts';
import { type Exchange, type Handler, type Target, withChanges } from '../core/exchange.ts';
import { abortedFailure } from '../core/failure.ts';
import type { Failure, Outcome, Reply } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import type { Translate, TranslationTerms } from '../core/translation.ts';
import type { Verdict } from '../core/verdict.ts';
import { circuitsOf } from './circuits.ts';
import { betterOutcome, isAnswer } from './fallback/best-outcome.ts';
import { defaultMaxTokens, fallbackEntry, targetName, targetOf } from './fallback/entry.ts';
import { modelHealthOf } from './fallback/model-health.ts';
import { type Move, Moves, type TargetFacts } from './fallback/plan-move.ts';
import { isTargetRefusal } from './is-target-refusal.ts';

/** Tried in order when the target before is given up. */
export const fallbackSettings = z.array(fallbackEntry).max(10);

export type FallbackSettings = z.output<typeof fallbackSettings>;

/** What a fallback must know beside its settings. */
export interface FallbackSurroundings {
  /** The route's own upstream. */
  readonly home: string;
  /** How each entry's target is reached, in the order of the entries. */
  readonly ways: readonly Handler[];
  /** Whether the policy set has a breaker that acts. */
  readonly breaks: boolean;
  /** The wire format in which an upstream takes a request; undefined where it takes any. */
  readonly dialectOf: TargetFacts['dialectOf'];
  /** Carries requests and answers over between wire formats. */
  readonly translate: Translate;
}

/**
 * Asks other targets, one after the other, where the one before was given up. If none does better, the best that there
 * was is handed up: the upstream's own reply before a failure of ours. Targets that the call cannot move to are skipped
 * and noted, as it is when no target is left. An entry in observe mode is noted as the move that it would be, and not made.
 */
export function createFallback(settings: FallbackSettings, surroundings: FallbackSurroundings, context: PolicyContext): Policy {
  return new Fallback(settings, surroundings, context);
}

interface Step {
  readonly target: Target;
  readonly on: ReadonlySet<Verdict>;
  readonly way: Handler;
  readonly terms: TranslationTerms;
  readonly observe: boolean;
}

/** What a target says of itself and not of the call, if it is one that the agent has not asked for: it leads on as the verdict before it. */
const unfit: ReadonlySet<Verdict> = new Set(['auth', 'client-error']);

class Fallback implements Policy {
  readonly name = 'fallback';
  readonly #home: string;
  readonly #steps: readonly Step[];
  readonly #facts: TargetFacts;
  readonly #context: PolicyContext;

  constructor(settings: FallbackSettings, { home, ways, breaks, dialectOf, translate }: FallbackSurroundings, context: PolicyContext) {
    const isShut: TargetFacts['isShut'] = (upstream, model) => breaks && circuitsOf(context, upstream).lane(model).refusal() !== undefined;
    this.#home = home;
    this.#steps = settings.map((entry, index) => {
      const way = ways[index];
      if (!way) throw new Error(`there is no way to fallback entry ${index}`);
      const terms = { maxTokens: entry.maxTokens ?? defaultMaxTokens };
      return { target: targetOf(entry, home), on: new Set(entry.on), way, terms, observe: entry.observe };
    });
    this.#facts = { dialectOf, isShut, translate };
    this.#context = context;
  }

  async run(exchange: Exchange, next: Handler): Promise<Outcome> {
    const outcome = await next(exchange);
    return outcome.kind === 'tunnel' || outcome.verdict === 'ok' ? outcome : this.#moveOn(exchange, outcome);
  }

  /** The targets, whether their breakers let calls pass, and how the models of all upstreams that it knows have done lately. */
  inspect(): unknown {
    const targets = this.#steps.map(({ target, on, observe }) => ({
      ...target,
      on: [...on],
      observe,
      shut: this.#facts.isShut(target.upstream, target.model),
    }));
    const upstreams = new Set([this.#home, ...targets.map(({ upstream }) => upstream)]);
    const health = [...upstreams].flatMap((upstream) =>
      modelHealthOf(this.#context, upstream)
        .inspect()
        .map((reading) => ({ upstream, ...reading })),
    );
    return { targets, health };
  }

  async #moveOn(exchange: Exchange, first: Reply | Failure): Promise<Outcome> {
    const moves = new Moves(exchange, this.#facts);
    let from = exchange.target;
    let last = first;
    let best = first;
    let reasons: readonly Verdict[] = [first.verdict];
    let observed = false;
    let walked = false;

    for (const { target, on, way, terms, observe } of this.#steps) {
      if (!mayMove(last)) break;
      const reason = reasons.find((verdict) => verdict === 'refused' || on.has(verdict));
      // What an observed target would have answered is not known: the moves after it are not either.
      if (reason === undefined || (observe && observed)) continue;
      const plan = await moves.plan(target, last, terms);
      if (plan === undefined) return givenUp(exchange, best);

      const { attempts: attempt } = exchange.opened;
      const note = (event: Exclude<Event, { kind: 'would' }>) => exchange.note(observe ? { kind: 'would', attempt, event } : event);
      if (typeof plan === 'string') {
        note({ kind: 'target-skipped', attempt, ...target, why: plan });
        walked ||= !observe;
        continue;
      }
      note({ kind: 'fallback', attempt, from: targetName(from), to: targetName(target), reason });
      observed ||= observe;
      if (observe) continue;

      moves.made(target);
      walked = true;
      const outcome = await answerOf(exchange, target, plan, way);
      if (outcome.kind === 'tunnel') {
        if (best.kind === 'reply') best.discard();
        return outcome;
      }
      best = await betterOutcome(exchange, best, outcome);
      reasons = unfit.has(outcome.verdict) ? [outcome.verdict, ...reasons] : [outcome.verdict];
      last = outcome;
      from = target;
    }
    if (walked && mayMove(last) && !isAnswer(best) && !exchange.signal.aborted) {
      const { attempts: attempt } = exchange.opened;
      exchange.note({ kind: 'fallback-exhausted', attempt, upstream: exchange.target.upstream, reason: first.verdict });
    }
    return best;
  }
}

/** What the target answers, in the format of the call. In its own format it is judged and asked again. */
async function answerOf(exchange: Exchange, target: Target, { request, translation }: Move, way: Handler): Promise<Outcome> {
  if (!translation) return way(withChanges(exchange, { target, request }));
  const { dialect, maxTokens } = translation;
  const { attempts: attempt } = exchange.opened;
  exchange.note({ kind: 'translated', attempt, ...target, to: dialect.name, ...(maxTokens !== undefined && { maxTokens }) });
  const outcome = await way(withChanges(exchange, { target, request, dialect }));
  return outcome.kind === 'reply' ? translation.answer(outcome) : outcome;
}

/** The call ended while there were still targets: a pause goes before what upstreams said, a deadline does not. */
function givenUp(exchange: Exchange, best: Reply | Failure): Promise<Reply | Failure> {
  return betterOutcome(exchange, best, abortedFailure(exchange.signal, best.kind === 'failure' ? best.sent : 'no'));
}

/** A pause and a shutdown concern the call; only the refusal of a target leads to another. */
function mayMove(outcome: Reply | Failure): boolean {
  return outcome.verdict !== 'refused' || isTargetRefusal(outcome);
}
