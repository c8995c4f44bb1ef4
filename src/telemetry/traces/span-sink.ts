import type { SpanAttributes } from './attributes.ts';

/** A place in a trace, as far as links and parents need it. */
export interface SpanPlace {
  readonly traceId: string;
  readonly spanId: string;
  /** The text of `tracestate`; empty for none. */
  readonly state: string;
  readonly remote: boolean;
}

/** A span that is over. Times are milliseconds since the Unix epoch. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly place: SpanPlace;
  readonly parent: SpanPlace | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
  /** In parts, whose keys differ. */
  readonly attributes: readonly SpanAttributes[];
  readonly events: readonly { readonly name: string; readonly atMs: number; readonly attributes: SpanAttributes }[];
  readonly droppedEvents: number;
  readonly links: readonly { readonly place: SpanPlace; readonly attributes: SpanAttributes }[];
}

/** Takes the spans of a call in and sends them off later; never waits and never throws. */
export interface SpanSink {
  add(trace: readonly FinishedSpan[]): void;
}
