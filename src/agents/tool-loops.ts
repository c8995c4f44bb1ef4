import type { Clock } from '../core/clock.ts';
import type { ToolResult, ToolUse } from '../core/conversation.ts';
import type { Call } from '../core/dialect.ts';
import type { Exchange, Handler } from '../core/exchange.ts';
import { type Ending, type Outcome, type Reply, tap } from '../core/outcome.ts';
import type { Verdict } from '../core/verdict.ts';
import type { LoopDetectionSettings } from '../settings/loop-detection.ts';
import { AnswerFollower } from './answer-follower.ts';
import { LoopResponse } from './loop-response.ts';
import type { LoopSurroundings } from './loop-surroundings.ts';
import { judgeCaps } from './loops/caps.ts';
import { judgeRounds } from './loops/judge-rounds.ts';
import type { ToolRules } from './loops/round-reader.ts';
import type { ToolCallUnderWay } from './tool-threads.ts';

/** What a tool itself has answered. All else is the network's or the server's trouble, and no sign of a loop. */
const answers: ReadonlySet<Verdict> = new Set(['ok', 'tool-error', 'client-error', 'auth']);

/** Loops in the calls that an agent makes of tools: MCP's `tools/call`, and plain HTTP. Judged when a result has arrived. */
export class ToolLoops {
  readonly #settings: LoopDetectionSettings;
  readonly #rules: ToolRules;
  readonly #surroundings: LoopSurroundings;
  readonly #clock: Clock;
  readonly #response: LoopResponse;

  constructor(settings: LoopDetectionSettings, rules: ToolRules, surroundings: LoopSurroundings, clock: Clock) {
    this.#settings = settings;
    this.#rules = rules;
    this.#surroundings = surroundings;
    this.#clock = clock;
    this.#response = new LoopResponse(surroundings.agents, clock, settings.observe);
  }

  async run(exchange: Exchange, call: Call, next: Handler): Promise<Outcome> {
    const { formats, toolThreads } = this.#surroundings;
    // The body of plain HTTP streams through; what was kept of it is known when the answer is there.
    const early = formats.toolCall(exchange, call, exchange.request.body.bytes);
    if (!early) return next(exchange);
    const begun = toolThreads.begin(threadOf(exchange), early, this.#rules, this.#clock.now());
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
    const { agents, toolThreads } = this.#surroundings;
    const now = this.#clock.now();
    if (!toolThreads.end(begun, use, result, this.#rules, now)) return;
    const { agent } = exchange;
    const { state, session } = begun.thread;
    const { atMs, loops } = agents.releaseOf(agent.name, agent.principal ?? '');
    const finding = judgeRounds(
      state.rounds.filter((round) => round.atMs > atMs),
      this.#settings,
      loops,
    );
    const findings = [...(finding ? [finding] : []), ...judgeCaps(this.#settings.caps, session, now)];
    const due = this.#response.tell(exchange, findings, this.#action(exchange), session.told);
    if (due?.step === 'pause') this.#response.pause(exchange, due.evidence);
  }

  /** A tool has no model that a note could be given to. What nobody tells apart may be several agents at work: that is told alone. */
  #action({ agent, session, clientSession }: Exchange): LoopDetectionSettings['action'] {
    const named = agent.source !== 'default' && agent.source !== 'client';
    const alone = named || session !== undefined || clientSession !== undefined;
    return this.#settings.action === 'pause' && alone ? 'pause' : 'warn';
  }
}

function threadOf({ agent, session, clientSession, home }: Exchange): string {
  return `${agent.principal ?? ''}\n${agent.name}\n${session ?? ''}\n${session === undefined ? (clientSession ?? '') : ''}\n${home.upstream}`;
}

function isAnswer(outcome: Outcome): outcome is Reply {
  return outcome.kind === 'reply' && answers.has(outcome.verdict) && outcome.origin !== 'chaos' && !outcome.standing;
}
