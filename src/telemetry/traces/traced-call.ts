import type { AnswerFacts } from '../../core/answer-facts.ts';
import type { Dialect, DialectName } from '../../core/dialect.ts';
import type { Event } from '../../core/event.ts';
import type { Exchange, ProxiedRequest } from '../../core/exchange.ts';
import type { RawHeaders } from '../../core/headers.ts';
import type { Reply } from '../../core/outcome.ts';
import type { CallTrace } from '../../core/trace.ts';
import type { AnswerCopy } from './answer-copy.ts';
import { headDecision } from './head-decision.ts';
import type { NotableKind } from './settings.ts';
import { parseTraceContext, type TraceContext, traceContextOf, traceparentOf, withoutTraceContext } from './trace-context.ts';
import type { Tracer } from './tracer.ts';

/** What happened, and when on the clock's scale. */
export interface TimedEvent {
  readonly event: Event;
  readonly at: number;
}

/** An attempt that was sent. */
export interface SentAttempt {
  readonly spanId: string;
  readonly at: number;
  readonly dialect: DialectName;
  copy: AnswerCopy | undefined;
  facts: AnswerFacts | undefined;
}

/** Events of one call that are kept; a tunnel may tell of answers for days. Attempts, and what makes a call notable, always are. */
const mostEvents = 128;

const nothing: readonly NotableKind[] = [];

/** What is kept of a call until it is known whether it is worth a trace. */
export class TracedCall implements CallTrace {
  readonly #events: Event[] = [];
  readonly #times: number[] = [];
  /** By the number of the attempt. */
  readonly sent: SentAttempt[] = [];
  /** Events beyond those that are kept. */
  droppedEvents = 0;
  notable: readonly NotableKind[] = nothing;
  request: ProxiedRequest | undefined;
  dialect: Dialect | undefined;
  readonly #tracer: Tracer;
  readonly #headers: RawHeaders;
  #identity: Identity | undefined;
  #spanId: string | undefined;

  constructor(tracer: Tracer, headers: RawHeaders) {
    this.#tracer = tracer;
    this.#headers = headers;
  }

  get identity(): Identity {
    this.#identity ??= this.#identify();
    return this.#identity;
  }

  get copiesAnswers(): boolean {
    return this.#tracer.terms.capture;
  }

  /** What was kept, in the order in which it happened. */
  get happened(): TimedEvent[] {
    return this.#events.map((event, index) => ({ event, at: this.#times[index] ?? 0 }));
  }

  get traceId(): string {
    return this.identity.traceId;
  }

  get spanId(): string {
    this.#spanId ??= this.#tracer.ids.span();
    return this.#spanId;
  }

  carries(request: ProxiedRequest, dialect: Dialect): void {
    this.request = request;
    this.dialect = dialect;
  }

  fieldsFor(exchange: Exchange, fields: RawHeaders): readonly string[] {
    const { attempt, target, dialect } = exchange;
    const { traceId, sampled, parent } = this.identity;
    const kept = withoutTraceContext(fields, this.#tracer.mayHaveBaggage(target.upstream));
    // A request that is sent again over a fresh connection is the same attempt.
    const spanId = this.sent[attempt]?.spanId ?? this.#tracer.ids.span();
    this.sent[attempt] ??= { spanId, at: this.#tracer.clock.now(), dialect: dialect.name, copy: undefined, facts: undefined };
    const traceparent = traceparentOf({ traceId, spanId, sampled, random: parent?.random ?? false });
    return [...kept, 'traceparent', traceparent, ...(parent && parent.state !== '' ? ['tracestate', parent.state] : [])];
  }

  factsOf(attempt: number): AnswerFacts | undefined {
    const sent = this.#tracer.terms.semconv === 'off' ? undefined : this.sent[attempt];
    if (sent) sent.facts ??= { finishReasons: [] };
    return sent?.facts;
  }

  answered(exchange: Exchange, reply: Reply): Reply {
    return this.#tracer.copyOf(exchange, reply, this.sent[exchange.attempt]);
  }

  /** Keeps an event, where there is room. `kind`: what it makes of the call. */
  keep(event: Event, at: number, kind: NotableKind | undefined): void {
    if (kind !== undefined && !this.notable.includes(kind)) this.notable = [...this.notable, kind];
    if (this.#events.length >= mostEvents && kind === undefined && event.kind !== 'call-ended' && !event.kind.startsWith('attempt-')) {
      this.droppedEvents += 1;
      return;
    }
    this.#events.push(event);
    this.#times.push(at);
  }

  #identify(): Identity {
    const { ids, terms } = this.#tracer;
    const inFields = traceContextOf(this.#headers);
    const inBody = this.#contextInBody();
    const parent = inBody ?? inFields;
    const traceId = parent?.traceId ?? ids.trace();
    const linked = inBody && inFields && inBody.spanId !== inFields.spanId ? inFields : undefined;
    return { traceId, sampled: headDecision(traceId, parent, terms.head), parent, linked };
  }

  #contextInBody(): TraceContext | undefined {
    const { request, dialect } = this;
    if (dialect?.name !== 'mcp' || request?.method !== 'POST' || !request.body.bytes) return undefined;
    const found = this.#tracer.reader.context(dialect.name, request.body.bytes);
    return found && parseTraceContext(found.traceparent, found.tracestate);
  }
}

/** Where a call stands in its trace. */
export interface Identity {
  readonly traceId: string;
  /** The head decision. */
  readonly sampled: boolean;
  readonly parent: TraceContext | undefined;
  /** The context of the HTTP request, where a message in it has one of its own. */
  readonly linked: TraceContext | undefined;
}
