import type { Clock, Timer } from '../../core/clock.ts';
import type { Event } from '../../core/event.ts';
import type { Exchange } from '../../core/exchange.ts';
import type { RawHeaders } from '../../core/headers.ts';
import type { CallInfo, Subscriber } from '../../core/journal.ts';
import type { Reply } from '../../core/outcome.ts';
import type { CallTrace, TraceReader, Tracing } from '../../core/trace.ts';
import { AnswerCopy } from './answer-copy.ts';
import { callSpans, type EndedCall } from './call-spans.ts';
import type { TraceTerms } from './environment.ts';
import { notableKind } from './notable.ts';
import { RandomIds } from './random-ids.ts';
import type { SpanSink } from './span-sink.ts';
import { type SentAttempt, TracedCall } from './traced-call.ts';
import type { UpstreamFacts } from './upstream-facts.ts';

export interface TracerOptions {
  readonly terms: TraceTerms;
  readonly upstreams: ReadonlyMap<string, UpstreamFacts>;
  readonly clock: Clock;
  readonly reader: TraceReader;
  readonly sink: SpanSink;
  /** In which agents reach us. */
  readonly scheme: 'http' | 'https';
}

/**
 * The spans of so many calls are made at a time, or of fewer after so many milliseconds: code that runs once in ten calls is
 * cold every time, and takes twice as long. What their bodies may take meanwhile is limited.
 */
const batchCalls = 16;
const batchMs = 100;
const batchBytes = 256 * 1024;

/** Gives every call its place in a trace, and makes spans at its end of what was told of it, where they are worth it. */
export class Tracer implements Tracing, Subscriber {
  readonly name = 'traces';
  readonly ids = new RandomIds();
  readonly clock: Clock;
  readonly reader: TraceReader;
  readonly scheme: TracerOptions['scheme'];
  #terms: TraceTerms;
  #upstreams: TracerOptions['upstreams'];
  readonly #sink: SpanSink;
  #ended: EndedCall[] = [];
  #endedBytes = 0;
  #timer: Timer | undefined;
  #bug: { readonly error: unknown } | undefined;

  constructor({ terms, upstreams, clock, reader, sink, scheme }: TracerOptions) {
    this.#terms = terms;
    this.#upstreams = upstreams;
    this.clock = clock;
    this.reader = reader;
    this.scheme = scheme;
    this.#sink = sink;
  }

  get terms(): TraceTerms {
    return this.#terms;
  }

  get upstreams(): TracerOptions['upstreams'] {
    return this.#upstreams;
  }

  /** What a new configuration says. Calls that are over are told of by the one before. */
  configure({ terms, upstreams }: Pick<TracerOptions, 'terms' | 'upstreams'>): void {
    this.flush();
    this.#terms = terms;
    this.#upstreams = upstreams;
  }

  begin(headers: RawHeaders): CallTrace {
    return new TracedCall(this, headers);
  }

  on(event: Event, call: CallInfo | undefined): void {
    // Every second of a WebSocket.
    if (event.kind === 'tunnel-passed' || !call || !(call.trace instanceof TracedCall)) return;
    call.trace.keep(event, this.clock.now(), notableKind(event));
    if (event.kind === 'call-ended') this.#export(call, call.trace, event);
    const bug = this.#bug;
    this.#bug = undefined;
    if (bug) throw bug.error;
  }

  mayHaveBaggage(upstream: string): boolean {
    return this.#upstreams.get(upstream)?.baggage ?? false;
  }

  /** The reply, of which a copy is kept where content may be shown. */
  copyOf(exchange: Exchange, reply: Reply, attempt: SentAttempt | undefined): Reply {
    if (!this.#terms.capture || !attempt || reply.empty) return reply;
    attempt.copy = new AnswerCopy(exchange, reply);
    return attempt.copy.follow(reply);
  }

  /** Makes the spans of all calls that are over. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const ended = this.#ended;
    this.#ended = [];
    this.#endedBytes = 0;
    for (const call of ended) this.#make(call);
  }

  /** A bug in here must cost neither the process nor the traces of other calls; the journal counts it with the next event. */
  #make(ended: EndedCall): void {
    try {
      this.#sink.add(callSpans(ended));
    } catch (error) {
      this.#bug = { error };
    }
  }

  #export(call: CallInfo, trace: TracedCall, ended: Extract<Event, { kind: 'call-ended' }>): void {
    const why = trace.notable.find((kind) => this.#terms.alwaysOn.has(kind));
    if (!trace.identity.sampled && why === undefined) return;
    const { request } = trace;
    const asked = request?.described ?? request?.call();
    // The request lets go of its body as soon as the call is over.
    const body = request?.body.bytes;
    this.#ended.push({
      call,
      trace,
      ended,
      asked: asked instanceof Promise ? undefined : asked,
      body,
      why: trace.identity.sampled ? 'sample' : why,
      tracer: this,
    });
    this.#endedBytes += (body?.byteLength ?? 0) + (this.#terms.capture ? ended.responseBytes : 0);
    if (this.#ended.length >= batchCalls || this.#endedBytes >= batchBytes) this.flush();
    else this.#timer ??= this.clock.timer(batchMs, () => this.flush());
  }
}
