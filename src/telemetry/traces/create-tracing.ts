import type { Export } from '../push-metrics.ts';
import { ownResource } from '../resource.ts';
import type { SpanAttributes } from './attributes.ts';
import { SpanExport, type SpanExportOptions } from './span-export.ts';
import { Tracer, type TracerOptions } from './tracer.ts';

export interface TracingOptions extends Omit<TracerOptions, 'sink'>, Omit<SpanExportOptions, 'origin'> {
  readonly version: string;
}

/** Traces that are being made and exported. */
export interface RunningTraces extends Export {
  readonly tracer: Tracer;
  /** Spans that nobody will see, by reason. */
  readonly dropped: Readonly<Record<'queue' | 'export', number>>;
}

/** Begins to trace. What this file imports is loaded only where traces are wanted. */
export function createTracing(options: TracingOptions): RunningTraces {
  const { version } = options;
  const resource = ownResource(version).attributes as SpanAttributes;
  const sink = new SpanExport({ ...options, origin: { resource, scope: { name: 'outrigger', version } } });
  const tracer = new Tracer({ ...options, sink });
  return {
    tracer,
    dropped: sink.dropped,
    close(timeoutMs) {
      tracer.flush();
      return sink.close(timeoutMs);
    },
  };
}
