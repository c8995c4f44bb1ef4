import { crc32 } from 'node:zlib';
import type { Answered, Conversation } from '../core/conversation.ts';
import type { Call } from '../core/dialect.ts';
import type { Event } from '../core/event.ts';
import { type Exchange, type Handler, withChanges } from '../core/exchange.ts';
import { headerValue } from '../core/headers.ts';
import { type Ending, type Outcome, onEnded, tap } from '../core/outcome.ts';
import { tokensIn } from '../core/usage.ts';
import { AnswerFollower } from './answer-follower.ts';
import { describeLoop } from './describe-loop.ts';
import { judgeSinceRelease, type LoopTerms } from './loop-terms.ts';
import { judgeCaps } from './loops/caps.ts';
import type { Session } from './loops/session.ts';
import { pausedFailure } from './pause-guard.ts';
import type { Evidence } from './pauses.ts';
import type { SentBefore } from './storms.ts';
import { StreamGuard } from './stream-guard.ts';
import type { Followed, ThreadOrigin } from './threads.ts';

/** Larger bodies are not looked into. */
const bodyLimitBytes = 4 * 1024 * 1024;

/** Loops in calls to models. */
export class ModelLoops {
  readonly #terms: LoopTerms;
  readonly #countsSpent: boolean;

  constructor(terms: LoopTerms) {
    this.#terms = terms;
    const { caps } = terms.settings;
    this.#countsSpent = caps.tokens !== undefined || caps.costUsd !== undefined;
  }

  async run(exchange: Exchange, call: Call, next: Handler): Promise<Outcome> {
    const { request, session, clientSession = call.session, agent } = exchange;
    const { agents, threads, formats } = this.#terms.surroundings;
    const { principal = '', name } = agent;
    const body = await request.body.whole();
    if (!body || body.byteLength > bodyLimitBytes) return this.#guarded(exchange, await next(exchange));
    const origin = { principal, session, clientSession };
    const read = (from?: number) => formats.conversation(exchange, call, body, from);
    const told = threads.read(origin, body, call.history, read, this.#terms.rules, this.#terms.clock.now());
    if (!told) return this.#guarded(exchange, await next(exchange));

    const { conversation, followed } = told;
    const sent = this.#sent(exchange, followed, body);
    const loops = followed.added > 0 ? judgeSinceRelease(this.#terms, agent, followed.rounds) : [];
    if (loops.length > 0) exchange.note({ kind: 'in-loop', attempt: 0 });
    const findings = [...loops, ...judgeCaps(this.#terms.settings.caps, followed.session, this.#terms.clock.now())];
    const due = this.#terms.response.tell(exchange, findings, this.#terms.settings.action, followed.session.told);
    if (due?.step === 'pause') {
      this.#terms.response.pause(exchange, due.evidence);
      return pausedFailure(agents, name, principal);
    }
    const hinted = due?.step === 'nudge' ? exchange.dialect.hint(request, nudgeOf(due.evidence)) : undefined;
    const noting = this.#countsSpent ? withChanges(exchange, { note: countingSpent(exchange, followed.session) }) : exchange;
    const outcome = await next(hinted ? withChanges(noting, { request: hinted }) : noting);
    if (outcome.kind === 'reply') onEnded(outcome, ({ verdict, complete }) => answered(sent, verdict === 'ok' && complete));
    return this.#followed(exchange, call, this.#guarded(exchange, outcome), origin, conversation, followed);
  }

  /** Whether the same was sent before, and answered. */
  #sent(exchange: Exchange, { key }: Followed, body: Uint8Array): SentBefore {
    const { headers } = exchange.request;
    const retried = Number(headerValue(headers, 'x-stainless-retry-count') ?? 0) > 0;
    const sent = this.#terms.surroundings.storms.sent(`${key} ${body.byteLength}`, () => crc32(body), retried, this.#terms.clock.now());
    const count = sent.times.length;
    if (count >= this.#terms.settings.kinds.storm.warn && count >= sent.told * 2) {
      sent.told = count;
      this.#terms.response.note(exchange, { kind: 'loop-detected', attempt: 0, loop: 'storm', action: 'warn', count });
    }
    return sent;
  }

  /** Looks for an answer that repeats itself while it is streamed. */
  #guarded(exchange: Exchange, outcome: Outcome): Outcome {
    if (outcome.kind !== 'reply' || outcome.verdict !== 'ok' || outcome.empty) return outcome;
    const action = this.#terms.settings.stream;
    const onLoop = (count: number) => {
      this.#terms.response.note(exchange, { kind: 'loop-detected', attempt: 0, loop: 'stream', action, count });
      return action === 'abort' && !this.#terms.settings.observe;
    };
    return new StreamGuard(outcome, (onText) => this.#terms.surroundings.formats.text(exchange, outcome, onText), onLoop).reply;
  }

  /** Reads an answer that the next request may only name. */
  #followed(
    exchange: Exchange,
    call: Call,
    outcome: Outcome,
    origin: ThreadOrigin,
    { continuable, continues }: Conversation,
    followed: Followed,
  ): Outcome {
    if (!continuable || outcome.kind !== 'reply' || outcome.verdict !== 'ok' || outcome.empty) return outcome;
    const { threads, formats } = this.#terms.surroundings;
    const reader = formats.answer(exchange, call, outcome);
    if (!reader) return outcome;
    const onEnd = ({ complete }: Ending, said: Answered | undefined) => {
      if (complete && said) threads.answered(origin, continues === undefined ? [said.id] : [said.id, continues], followed, said.turn);
    };
    return tap(outcome, new AnswerFollower(reader, onEnd));
  }
}

function answered(sent: SentBefore, good: boolean): void {
  sent.answered = good;
}

/** Adds up what the attempts of a call spend: whoever keeps the accounts has put the cost into an event once it is told. */
function countingSpent(exchange: Exchange, session: Session): (event: Event) => void {
  return (event) => {
    exchange.note(event);
    if (event.kind !== 'attempt-ended' && event.kind !== 'attempt-answered') return;
    const { usage, estimated, costUsd = 0 } = event;
    session.tokens += (usage ? tokensIn(usage) : 0) + (estimated ? tokensIn(estimated) : 0);
    session.costUsd += costUsd;
  };
}

function nudgeOf(evidence: Evidence): string {
  return `You seem to go in circles: ${describeLoop(evidence)
    .replace(/\bit\b/gu, 'you')
    .replace(/\bits\b/gu, 'your')}. Doing the same again will not help. Try something else, or say what you need.`;
}
