import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { type ISerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { Batching, ExportTarget } from './environment.ts';
import { OtlpEncoder, type SpanOrigin } from './otlp-encoder.ts';
import type { FinishedSpan, SpanSink } from './span-sink.ts';

export interface SpanExportOptions {
  readonly target: ExportTarget;
  readonly batching: Batching;
  readonly origin: SpanOrigin;
  /** Told when an export fails after one that went well, and when one goes well again. */
  readonly onChange: (state: 'failing' | 'working', error: Error | undefined) => void;
}

/** Encoded spans that are sent at a time. */
interface Batch {
  readonly bytes: Uint8Array;
  readonly spans: number;
}

/** Of the results of an export. */
const success = 0;

/**
 * Sends traces to an OTLP receiver, in batches, one after the other. At most `mostQueued` spans wait; the others are dropped
 * and counted. They wait as bytes in one piece: as objects they would outlive collections, each of which copies them.
 */
export class SpanExport implements SpanSink {
  /** Spans that nobody will see: no place in the queue, or an export that failed. */
  readonly dropped = { queue: 0, export: 0 };
  readonly #options: SpanExportOptions;
  readonly #encoder: OtlpEncoder;
  readonly #delegate;
  /** Full batches. */
  #queue: Batch[] = [];
  /** Spans in the batch that is being filled, which the encoder holds. */
  #filling = 0;
  /** All that wait. */
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failing = false;

  constructor(options: SpanExportOptions) {
    this.#options = options;
    this.#encoder = new OtlpEncoder(options.origin);
    const http = convertLegacyHttpOptions(options.target, 'TRACES', 'v1/traces', { 'Content-Type': 'application/x-protobuf' });
    const serializer: ISerializer<Batch, unknown> = {
      serializeRequest: ({ bytes }) => bytes,
      deserializeResponse: (bytes) => ProtobufTraceSerializer.deserializeResponse(bytes),
    };
    const counting = { name: 'span', countItems: ({ spans }: Batch) => spans } as const;
    this.#delegate = createOtlpHttpExportDelegate(http, serializer, 'otlp_http_span_exporter', counting, undefined);
  }

  add(trace: readonly FinishedSpan[]): void {
    const { mostQueued, mostSent, delayMs } = this.#options.batching;
    if (this.#waiting + trace.length > mostQueued) {
      this.dropped.queue += trace.length;
      return;
    }
    if (this.#filling + trace.length > mostSent) this.#send();
    this.#encoder.add(trace);
    this.#filling += trace.length;
    this.#waiting += trace.length;
    if (this.#filling >= mostSent) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), delayMs).unref();
  }

  /** Sends what waits and ends; after `timeoutMs` the rest is given up. */
  async close(timeoutMs: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, timeoutMs);
    await Promise.race([this.#sendAll().then(() => this.#delegate.shutdown()), over.promise]);
    clearTimeout(timer);
    this.#queue = [];
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      this.#send();
      if (!this.#sending) return;
      await this.#sending;
    }
  }

  /** What waits goes out, behind what is on its way. */
  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#filling > 0) this.#queue.push({ bytes: this.#encoder.take(), spans: this.#filling });
    this.#filling = 0;
    const batch = this.#sending ? undefined : this.#queue.shift();
    if (!batch) return;
    this.#waiting -= batch.spans;
    this.#sending = this.#exported(batch).then(() => {
      this.#sending = undefined;
      if (this.#queue.length > 0) this.#send();
    });
  }

  /** Resolves when a batch was sent or has failed, and after the time that an export may take. */
  #exported(batch: Batch): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.batching.timeoutMs).unref();
      this.#delegate.export(batch, ({ code, error }) => {
        clearTimeout(timer);
        if (code !== success) this.dropped.export += batch.spans;
        this.#tell(code !== success, error);
        resolve();
      });
    });
  }

  #tell(failing: boolean, error: Error | undefined): void {
    if (failing === this.#failing) return;
    this.#failing = failing;
    this.#options.onChange(failing ? 'failing' : 'working', error);
  }
}
