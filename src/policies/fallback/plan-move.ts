import type { Call, Dialect, RequestFacts } from '../../core/dialect.ts';
import type { Exchange, ProxiedRequest, Target } from '../../core/exchange.ts';
import type { Failure, Reply } from '../../core/outcome.ts';
import type { Translate, Translation, TranslationTerms } from '../../core/translation.ts';
import { resendObstacle } from '../resend-safety.ts';
import { untilAborted } from '../until-aborted.ts';

/** What is known of targets beside a call. */
export interface TargetFacts {
  /** The wire format in which an upstream takes a request; undefined where it takes any. */
  dialectOf(upstream: string, request: RequestFacts): Dialect | undefined;
  /** Whether the breaker lets no call for the model pass now; `model` is undefined where the request names none. */
  isShut(upstream: string, model: string | undefined): boolean;
  /** Carries a request over to a target of another wire format. */
  readonly translate: Translate;
}

/** How a call gets to a target. */
export interface Move {
  readonly request: ProxiedRequest;
  /** Where the target speaks another wire format than the call. */
  readonly translation?: Translation;
}

/**
 * The moves of one call. Remembers the targets that were tried: one that was given up is not asked again because another
 * entry names it too.
 */
export class Moves {
  readonly #exchange: Exchange;
  readonly #facts: TargetFacts;
  readonly #tried: Target[];

  constructor(exchange: Exchange, facts: TargetFacts) {
    this.#exchange = exchange;
    this.#facts = facts;
    this.#tried = [exchange.target];
  }

  /** How the target gets the request after the outcome of the one before, or why it gets none, in the words of the ledger; undefined if the call is over. */
  async plan(target: Target, last: Reply | Failure, terms: TranslationTerms): Promise<Move | string | undefined> {
    const { request, dialect, signal } = this.#exchange;
    const obstacle = await resendObstacle(this.#exchange, last);
    const described = request.call();
    // A description may wait for the rest of an upload, and the call may end before that.
    const call = described instanceof Promise ? await untilAborted(described, signal) : described;
    if (!call || signal.aborted) return undefined;
    if (obstacle) return obstacle === 'unsafe' ? 'not safe to repeat' : 'body gone';
    if (call.stateful) return 'server state';
    if (this.#tried.some((tried) => isSame(tried, target, call))) return 'tried already';
    if (this.#facts.isShut(target.upstream, target.model ?? call.model)) return 'circuit open';
    const to = this.#facts.dialectOf(target.upstream, request);
    if (to && to.name !== dialect.name) return this.#translated(target, to, terms);
    const moved = dialect.retarget(request, target);
    if (!moved) return 'model cannot be changed';
    return { request: target.model === undefined ? moved : withoutKey(moved) };
  }

  #translated(target: Target, to: Dialect, terms: TranslationTerms): Move | string {
    const { request, dialect } = this.#exchange;
    const translation = this.#facts.translate(request, target, { from: dialect, to }, terms);
    if (translation === undefined) return 'other wire format';
    return typeof translation === 'string' ? `no exact translation: ${translation}` : { request: translation.request, translation };
  }

  /** The target is asked now. */
  made(target: Target): void {
    this.#tried.push(target);
  }
}

/** Whether two targets are one for the call: without a model of their own they take the one that it names. */
function isSame(one: Target, other: Target, { model }: Call): boolean {
  return one.upstream === other.upstream && (one.model ?? model) === (other.model ?? model);
}

/** The key stands for the request as the agent made it (draft-ietf-httpapi-idempotency-key-header, 2.6); this is another. */
export function withoutKey(request: ProxiedRequest): ProxiedRequest {
  const { headers } = request;
  const kept = headers.filter((_, i) => headers[i & ~1]?.toLowerCase() !== 'idempotency-key');
  return kept.length === headers.length ? request : { ...request, headers: kept };
}
