import type { Event, EventKind } from '../../core/event.ts';
import { tokenKinds } from '../../core/usage.ts';
import { type SpanAttributes, type SpanValue, said } from './attributes.ts';

/** Told by the spans themselves. */
const inSpans: ReadonlySet<EventKind> = new Set(['call-started', 'attempt-started', 'attempt-answered', 'attempt-ended', 'call-ended']);

/** What concerns the call as a whole, though it names an attempt. */
const ofCalls: ReadonlySet<EventKind> = new Set([
  'retry',
  'retry-given-up',
  'fallback',
  'fallback-exhausted',
  'target-skipped',
  'translated',
  'committed',
  'stream-broken',
]);

/** Of an event, what says nothing that the span does not. */
const leftOut: ReadonlySet<string> = new Set(['kind', 'attempt', 'usage', 'estimated', 'error', 'event']);

/** Whether an event is told as one of a span. */
export function isSpanEvent({ kind }: Event): boolean {
  return !inSpans.has(kind);
}

/** Whether an event belongs to the span of the call, and not to that of its attempt. */
export function isOfCall(event: Event): boolean {
  const { kind } = event.kind === 'would' ? event.event : event;
  return event.attempt === 0 || ofCalls.has(kind);
}

/** An event as spans tell it: `outrigger.` and its kind, and what it says in words and numbers. */
export function spanEvent(event: Event): { name: string; attributes: SpanAttributes } {
  if (event.kind === 'would') {
    const { name, attributes } = spanEvent(event.event);
    return { name: name.replace('outrigger.', 'outrigger.would-'), attributes };
  }
  const attributes: Record<string, SpanValue> = {};
  for (const [key, value] of Object.entries(event)) {
    if (leftOut.has(key)) continue;
    const shown = told(value);
    if (shown !== undefined) attributes[`outrigger.${snakeCase(key)}`] = shown;
  }
  if (event.attempt > 0) attributes['outrigger.attempt'] = event.attempt;
  if (event.kind === 'tunnel-answered' && event.usage) {
    for (const kind of tokenKinds) attributes[`outrigger.tokens.${snakeCase(kind)}`] = event.usage[kind];
  }
  if (event.kind === 'bug') attributes['error.type'] = event.error instanceof Error ? event.error.name : typeof event.error;
  return { name: `outrigger.${event.kind}`, attributes };
}

function told(value: unknown): SpanValue | undefined {
  if (typeof value === 'string') return said(value);
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

const snakeCases = new Map<string, string>();

/** Of the keys of events, which are few. */
function snakeCase(key: string): string {
  let written = snakeCases.get(key);
  if (written === undefined) {
    written = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    snakeCases.set(key, written);
  }
  return written;
}
