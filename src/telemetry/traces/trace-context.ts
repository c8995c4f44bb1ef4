import type { RawHeaders } from '../../core/headers.ts';

/** Where a caller's trace stands: what `traceparent` and `tracestate` say (W3C Trace Context, level 2). */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  /** The flag that the trace id was drawn at random. */
  readonly random: boolean;
  /** As it came, its fields joined; empty where there is none. */
  readonly state: string;
}

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const sampledFlag = 1;
const randomFlag = 2;

/** The context that two texts tell; undefined where `traceparent` is not valid. */
export function parseTraceContext(traceparent: string, tracestate: string | undefined): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = shape.exec(traceparent.trim()) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const bits = Number.parseInt(flags, 16);
  return { traceId, spanId, sampled: (bits & sampledFlag) !== 0, random: (bits & randomFlag) !== 0, state: tracestate?.trim() ?? '' };
}

/** The context in the fields of a request; undefined where there is none, or more than one. */
export function traceContextOf(headers: RawHeaders): TraceContext | undefined {
  const parents = valuesOf(headers, 'traceparent');
  const [parent] = parents;
  return parent === undefined || parents.length > 1 ? undefined : parseTraceContext(parent, valuesOf(headers, 'tracestate').join(','));
}

/** The value of `traceparent` for what a span of ours asks for. */
export function traceparentOf(context: Omit<TraceContext, 'state'>): string {
  const flags = (context.sampled ? sampledFlag : 0) | (context.random ? randomFlag : 0);
  return `00-${context.traceId}-${context.spanId}-0${flags}`;
}

/** The fields without those of a trace context, and without baggage unless that may pass; themselves where they have none. */
export function withoutTraceContext(fields: RawHeaders, baggage: boolean): RawHeaders {
  for (let i = 0; i < fields.length; i += 2) {
    if (isContextField(fields[i] as string, baggage)) return fields.filter((_, at) => !isContextField(fields[at & ~1] as string, baggage));
  }
  return fields;
}

function isContextField(name: string, baggage: boolean): boolean {
  switch (name.length) {
    case 11:
      return name.toLowerCase() === 'traceparent';
    case 10:
      return name.toLowerCase() === 'tracestate';
    case 7:
      return !baggage && name.toLowerCase() === 'baggage';
    default:
      return false;
  }
}

function valuesOf(headers: RawHeaders, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const candidate = headers[i] as string;
    if (candidate.length === name.length && candidate.toLowerCase() === name) values.push(headers[i + 1] as string);
  }
  return values;
}
