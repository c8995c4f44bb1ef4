import {
  createTraceState,
  type HrTime,
  type Link,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import type { FinishedSpan, SpanPlace } from './span-sink.ts';

/** A finished span as OpenTelemetry's processors and exporters read it. */
export class OtlpSpan implements ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly duration: HrTime;
  readonly status: SpanStatus;
  readonly attributes: ReadableSpan['attributes'];
  readonly links: Link[];
  readonly events: TimedEvent[];
  readonly ended = true;
  readonly resource: Resource;
  readonly instrumentationScope: ReadableSpan['instrumentationScope'];
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount = 0;
  readonly #context: SpanContext;

  constructor(span: FinishedSpan, resource: Resource, scope: ReadableSpan['instrumentationScope']) {
    this.name = span.name;
    this.kind = span.kind === 'server' ? SpanKind.SERVER : SpanKind.CLIENT;
    this.#context = contextOf(span.place);
    if (span.parent) this.parentSpanContext = contextOf(span.parent);
    this.startTime = hrTime(span.startMs);
    this.endTime = hrTime(span.endMs);
    this.duration = hrTime(Math.max(0, span.endMs - span.startMs));
    this.status = { code: span.failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET };
    this.attributes = span.attributes;
    this.links = span.links.map(({ place, attributes }) => ({ context: contextOf(place), attributes }));
    this.events = span.events.map(({ name, atMs, attributes }) => ({ name, time: hrTime(atMs), attributes }));
    this.droppedEventsCount = span.droppedEvents;
    this.resource = resource;
    this.instrumentationScope = scope;
  }

  spanContext(): SpanContext {
    return this.#context;
  }
}

/** What is exported counts as sampled, whatever the head decision was: processors drop the rest. */
function contextOf({ traceId, spanId, state, remote }: SpanPlace): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: remote,
    ...(state !== '' && { traceState: createTraceState(state) }),
  };
}

/** Seconds and nanoseconds, as OpenTelemetry writes a time. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1_000_000);
  return nanos < 1_000_000_000 ? [seconds, nanos] : [seconds + 1, 0];
}
