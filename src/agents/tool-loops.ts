import type { ToolResult, ToolUse } from '../core/conversation.ts';
import type { Call } from '../core/dialect.ts';
import type { Exchange, Handler } from '../core/exchange.ts';
import { type Ending, type Outcome, type Reply, tap } from '../core/outcome.ts';
import type { Verdict } from '../core/verdict.ts';
import type { LoopDetectionSettings } from '../settings/loop-detection.ts';
import { AnswerFollower } from './answer-follower.ts';
import { judgeSinceRelease, type LoopTerms } from './loop-terms.ts';
import { judgeCaps } from './loops/caps.ts';
import type { ToolCallUnderWay } from './tool-threads.ts';

/** What a tool itself has answered. All else is the network's or the server's trouble, and no sign of a loop. */
const answers: ReadonlySet<Verdict> = new Set(['ok', 'tool-error', 'client-error', 'auth']);

/** Loops in the calls that an agent makes of tools: MCP's `tools/call`, and plain HTTP. Judged when a result has arrived. */
export class ToolLoops {
  readonly #terms: LoopTerms;

  constructor(terms: LoopTerms) {
    this.#terms = terms;
  }

  async run(exchange: Exchange, call: Call, next: Handler): Promise<Outcome> {
    const { formats, toolThreads } = this.#terms.surroundings;
    // The body of plain HTTP streams through; what was kept of it is known when the answer is there.
    const early = formats.toolCall(exchange, call, exchange.request.body.bytes);
    if (!early) return next(exchange);
    const begun = toolThreads.begin(threadOf(exchange), early, this.#terms.rules, this.#terms.clock.now());
    const outcome = await next(exchange);
    const use = formats.toolCall(exchange, call, exchange.request.body.bytes) ?? early;
    const reader = isAnswer(outcome) ? formats.toolResult(exchange, outcome) : undefined;
    if (outcome.kind !== 'reply' || !reader) {
      this.#ended(exchange, begun, use, undefined);
      return outcome;
    }
    const onEnd = ({ complete, verdict }: Ending, result: ToolResult | undefined) =>
      this.#ended(exchange, begun, use, complete && answers.has(verdict) ? result : undefined);
    return tap(outcome, new AnswerFollower(reader, onEnd));
  }

  #ended(exchange: Exchange, begun: ToolCallUnderWay, use: ToolUse, result: ToolResult | undefined): void {
    const { toolThreads } = this.#terms.surroundings;
    const now = this.#terms.clock.now();
    if (!toolThreads.end(begun, use, result, this.#terms.rules, now)) return;
    const { agent } = exchange;
    const { state, session } = begun.thread;
    const findings = [...judgeSinceRelease(this.#terms, agent, state.rounds), ...judgeCaps(this.#terms.settings.caps, session, now)];
    const due = this.#terms.response.tell(exchange, findings, this.#action(exchange), session.told);
    if (due?.step === 'pause') this.#terms.response.pause(exchange, due.evidence);
  }

  /** A tool has no model that a note could be given to. What nobody tells apart may be several agents at work: that is told alone. */
  #action({ agent, session, clientSession }: Exchange): LoopDetectionSettings['action'] {
    const named = agent.source !== 'default' && agent.source !== 'client';
    const alone = named || session !== undefined || clientSession !== undefined;
    return this.#terms.settings.action === 'pause' && alone ? 'pause' : 'warn';
  }
}

function threadOf({ agent, session, clientSession, home }: Exchange): string {
  return `${agent.principal ?? ''}\n${agent.name}\n${session ?? ''}\n${session === undefined ? (clientSession ?? '') : ''}\n${home.upstream}`;
}

function isAnswer(outcome: Outcome): outcome is Reply {
  return outcome.kind === 'reply' && answers.has(outcome.verdict) && outcome.origin !== 'chaos' && !outcome.standing;
}
