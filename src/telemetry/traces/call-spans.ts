import type { Call } from '../../core/dialect.ts';
import type { Event } from '../../core/event.ts';
import type { CallInfo } from '../../core/journal.ts';
import type { TracedRequest } from '../../core/trace.ts';
import { type AttemptFacts, attemptSpan } from './attempt-span.ts';
import type { SpanAttributes } from './attributes.ts';
import { serverSpan } from './server-span.ts';
import { isOfCall, isSpanEvent, spanEvent } from './span-events.ts';
import type { FinishedSpan, SpanPlace } from './span-sink.ts';
import type { TimedEvent, TracedCall } from './traced-call.ts';
import type { Tracer } from './tracer.ts';

/** All that the spans of one call are made of. */
export interface EndedCall {
  readonly call: CallInfo;
  readonly trace: TracedCall;
  readonly ended: Extract<Event, { kind: 'call-ended' }>;
  /** What the agent asked, where that could be read, and the body that it is in. */
  readonly asked: Call | undefined;
  readonly body: Uint8Array | undefined;
  /** Why the call is traced: it was sampled, or what made it notable. */
  readonly why: string | undefined;
  readonly tracer: Tracer;
}

/** An event of a span. */
export interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: SpanAttributes;
}

/** What the agent asked, where that could be read. */
export interface Asked {
  readonly call: Call;
  readonly request: TracedRequest;
}

/** The spans of a call that is over: one of the call, and one of each attempt that was made. */
export function callSpans(ended: EndedCall): FinishedSpan[] {
  const { trace, tracer } = ended;
  const { happened } = trace;
  const wallMs = tracer.clock.wall() - tracer.clock.now();
  const attempts = attemptsOf(happened).filter(wasMade(trace));
  const events = new Map<AttemptFacts | undefined, SpanEvent[]>([undefined, ...attempts].map((of) => [of, []]));
  for (const { event, at } of happened) {
    if (!isSpanEvent(event)) continue;
    const owner = isOfCall(event) ? undefined : attempts.find(({ number }) => number === event.attempt);
    events.get(owner)?.push({ ...spanEvent(event), atMs: at + wallMs });
  }
  const asked = askedBy(ended);
  const own = placeOf(trace, trace.spanId);
  const places = attempts.map(({ number }) => placeOf(trace, trace.sent[number]?.spanId ?? tracer.ids.span()));
  return [
    serverSpan(ended, happened, own, events.get(undefined) ?? [], wallMs),
    ...attempts.map((facts, index) => {
      const place = places[index] ?? own;
      return attemptSpan({
        ended,
        facts,
        asked,
        place,
        parent: own,
        before: places[index - 1],
        resends: index,
        events: events.get(facts) ?? [],
        wallMs,
      });
    }),
  ];
}

function placeOf({ traceId, identity }: TracedCall, spanId: string): SpanPlace {
  return { traceId, spanId, state: identity.parent?.state ?? '', remote: false };
}

/** A refusal of ours before anything was sent is no attempt at the upstream. */
function wasMade(trace: TracedCall): (facts: AttemptFacts) => boolean {
  return ({ number, answered }) => trace.sent[number] !== undefined || (answered !== undefined && answered.verdict !== 'refused');
}

function attemptsOf(happened: readonly TimedEvent[]): AttemptFacts[] {
  const attempts = new Map<number, AttemptFacts>();
  let moved: AttemptFacts['moved'];
  for (const { event, at } of happened) {
    if (event.kind === 'retry' || event.kind === 'fallback') moved = event;
    else if (event.kind === 'attempt-started') {
      const { attempt: number, upstream, model } = event;
      attempts.set(number, { number, upstream, model, startedAt: at, endedAt: undefined, moved, answered: undefined, ended: undefined });
      moved = undefined;
    } else if (event.kind === 'attempt-answered') {
      const facts = attempts.get(event.attempt);
      if (facts) Object.assign(facts, { answered: event, endedAt: event.status === undefined ? at : undefined });
    } else if (event.kind === 'attempt-ended') {
      const facts = attempts.get(event.attempt);
      if (facts) Object.assign(facts, { ended: event, endedAt: at });
    }
  }
  return [...attempts.values()];
}

function askedBy({ trace: { request, dialect }, asked, body, tracer }: EndedCall): Asked | undefined {
  return request && dialect && asked && { call: asked, request: tracer.reader.request(dialect.name, asked, request, body) };
}
