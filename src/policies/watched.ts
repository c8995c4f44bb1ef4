import type { Clock } from '../core/clock.ts';
import type { Judgement } from '../core/dialect.ts';
import type { Exchange } from '../core/exchange.ts';
import { type Ending, type Reply, type TimeoutPhase, tap } from '../core/outcome.ts';
import type { Verdict } from '../core/verdict.ts';
import { FollowedBody, type Follower } from './followed-body.ts';

/**
 * A reply that its dialect's watcher follows to its end and that a silence ends. Chunks pass as they come; the ending is
 * the word of the wire and of the format together.
 */
export class Watched implements Follower {
  /** The reply to hand on; its verdict is what the head tells. */
  readonly reply: Reply;
  readonly #exchange: Exchange;
  readonly #body: FollowedBody;
  #timedOut: { phase: TimeoutPhase; afterMs: number } | undefined;
  #broken: Ending | undefined;

  constructor(reply: Reply, exchange: Exchange, clock: Clock) {
    const { dialect, request, limits, trace, attempt } = exchange;
    const watcher = dialect.watch(request, reply.status, reply.headers, trace?.factsOf(attempt));
    this.#exchange = exchange;
    this.#body = new FollowedBody(watcher, watcher.head === 'more' ? reply.verdict : watcher.head, limits, clock, this);
    this.reply = tap(reply, this.#body);
  }

  /** The judgement so far. Waits for a chunk that is being decoded. */
  judged(): Verdict | 'more' | Promise<Verdict | 'more'> {
    const { seen } = this.#body;
    return seen ? seen.then(() => this.#body.judged) : this.#body.judged;
  }

  /** There were start-up frames and nothing else yet. */
  get startingUp(): boolean {
    const { started, meaningful } = this.#body.watcher;
    return started && meaningful === 0;
  }

  /** The silence that ended the body. */
  get timedOut(): { phase: TimeoutPhase; afterMs: number } | undefined {
    return this.#timedOut;
  }

  /** How the body ended on the wire, if it was not whole. */
  get broken(): Ending | undefined {
    return this.#broken;
  }

  /** The reply is handed up. */
  commit(): void {
    this.#body.commit();
  }

  silent(phase: TimeoutPhase, afterMs: number): void {
    const { attempt, target } = this.#exchange;
    this.#timedOut = { phase, afterMs };
    this.#exchange.note({ kind: 'timeout', attempt, upstream: target.upstream, phase, afterMs });
    this.reply.discard();
  }

  ended(base: Ending): Ending | Promise<Ending> {
    if (!base.complete) this.#broken = base;
    const { seen } = this.#body;
    return seen ? seen.then(() => this.#conclude(base)) : this.#conclude(base);
  }

  #conclude(base: Ending): Ending | Promise<Ending> {
    const judgement = this.#body.watcher.end(base.complete);
    return judgement instanceof Promise ? judgement.then((late) => this.#ending(base, late)) : this.#ending(base, judgement);
  }

  #ending(base: Ending, judgement: Judgement): Ending {
    const { gaps } = this.#body;
    const { usage, retryAfterMs, estimated, resumable } = judgement;
    const ending: Ending = { ...base, verdict: this.#lastWord(base, judgement) };
    ending.complete &&= this.reply.verdict !== 'ok' || judgement.complete;
    if (usage) ending.usage = usage;
    if (retryAfterMs !== undefined) ending.retryAfterMs = retryAfterMs;
    if (estimated) ending.estimated = estimated;
    if (resumable) ending.resumable = true;
    if (gaps) ending.gaps = gaps;
    return ending;
  }

  /** What the upstream said of itself outweighs how the body ended; an agent that left is no fault of the upstream's. */
  #lastWord(base: Ending, judgement: Judgement): Verdict {
    const { judged } = this.#body;
    const byHead = this.reply.verdict;
    if (base.complete && judgement.verdict !== 'ok') return judgement.verdict;
    if (judged !== 'ok' && judged !== 'more') return judged;
    if (byHead !== 'ok') return judgement.verdict === 'ok' ? byHead : judgement.verdict;
    if (this.#timedOut) return 'timeout';
    return base.verdict === 'ok' ? judgement.verdict : base.verdict;
  }
}
