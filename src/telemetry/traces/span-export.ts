import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { Resource } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { Batching, ExportTarget } from './environment.ts';
import { OtlpSpan } from './otlp-span.ts';
import type { FinishedSpan, SpanSink } from './span-sink.ts';

type OnResult = Parameters<SpanExporter['export']>[1];

/** Of the results of an export. */
const success = 0;

export interface SpanExportOptions {
  readonly target: ExportTarget;
  readonly batching: Batching;
  readonly resource: Resource;
  readonly version: string;
  /** Told when an export fails after one that went well, and when one goes well again. */
  readonly onChange: (state: 'failing' | 'working', error: Error | undefined) => void;
}

/** Sends spans to an OTLP receiver, in batches. At most `mostQueued` wait; the others are dropped and counted. */
export class SpanExport implements SpanSink, SpanExporter {
  /** Spans that nobody will see: no place in the queue, or an export that failed. */
  readonly dropped = { queue: 0, export: 0 };
  readonly #options: SpanExportOptions;
  readonly #scope: ReadableSpan['instrumentationScope'];
  readonly #exporter: SpanExporter;
  readonly #processor: BatchSpanProcessor;
  #waiting = 0;
  #failing = false;

  constructor(options: SpanExportOptions) {
    const { delayMs, mostQueued, mostSent, timeoutMs } = options.batching;
    this.#options = options;
    this.#scope = { name: 'outrigger', version: options.version };
    this.#exporter = new OTLPTraceExporter(options.target);
    this.#processor = new BatchSpanProcessor({
      exporter: this,
      maxQueueSize: mostQueued,
      maxExportBatchSize: mostSent,
      scheduledDelayMillis: delayMs,
      exportTimeoutMillis: timeoutMs,
    });
  }

  add(span: FinishedSpan): void {
    if (this.#waiting >= this.#options.batching.mostQueued) {
      this.dropped.queue += 1;
      return;
    }
    this.#waiting += 1;
    this.#processor.onEnd(new OtlpSpan(span, this.#options.resource, this.#scope));
  }

  /** Sends what waits and ends; after `timeoutMs` the rest is given up. */
  async close(timeoutMs: number): Promise<void> {
    const timer = Promise.withResolvers<void>();
    const handle = setTimeout(timer.resolve, timeoutMs);
    await Promise.race([this.#processor.shutdown().catch(() => undefined), timer.promise]);
    clearTimeout(handle);
  }

  export(spans: ReadableSpan[], onResult: OnResult): void {
    this.#waiting -= spans.length;
    this.#exporter.export(spans, (result) => {
      if (result.code !== success) this.dropped.export += spans.length;
      this.#tell(result.code !== success, result.error);
      onResult(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #tell(failing: boolean, error: Error | undefined): void {
    if (failing === this.#failing) return;
    this.#failing = failing;
    this.#options.onChange(failing ? 'failing' : 'working', error);
  }
}
