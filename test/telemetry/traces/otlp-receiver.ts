import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { attributesIn, fieldsOf, hexIn, messagesIn, numberIn, textIn } from './protobuf.ts';

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentId: string;
  state: string;
  name: string;
  kind: 'server' | 'client' | number;
  startNanos: bigint;
  endNanos: bigint;
  attributes: Record<string, unknown>;
  events: { name: string; nanos: bigint; attributes: Record<string, unknown> }[];
  links: { traceId: string; spanId: string; attributes: Record<string, unknown> }[];
  /** 0 unset, 1 ok, 2 error. */
  status: number;
}

/** A receiver of OTLP over HTTP with protobuf bodies (opentelemetry-proto, collector/trace/v1 and collector/metrics/v1). */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly resources: Record<string, unknown>[] = [];
  /** Names of metrics, and the sum of the last values of each. */
  readonly metrics = new Map<string, number>();
  readonly requests: { path: string; type: string | undefined; headers: Record<string, unknown>; body: Buffer }[] = [];
  /** What answers; replaced by a test that wants it hung or failing. */
  answer = (response: ServerResponse): void => void response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        this.requests.push({ path: request.url!, type: request.headers['content-type'], headers: request.headers, body });
        if (request.url === '/v1/traces') this.#takeTraces(body);
        if (request.url === '/v1/metrics') this.#takeMetrics(body);
        this.answer(response);
      });
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The one span of that kind and, where told, of that attempt. */
  span(kind: 'server' | 'client', attempt?: number): ReceivedSpan {
    const found = this.spans.filter(
      (span) => span.kind === kind && (attempt === undefined || span.attributes['outrigger.attempt'] === attempt),
    );
    if (found.length !== 1) throw new Error(`${found.length} ${kind} spans among ${this.spans.map(({ name }) => name).join(', ')}`);
    return found[0]!;
  }

  #takeTraces(body: Buffer): void {
    for (const resourceSpans of messagesIn(fieldsOf(body), 1)) {
      for (const resource of messagesIn(resourceSpans, 1)) this.resources.push(attributesIn(resource, 1));
      for (const scope of messagesIn(resourceSpans, 2)) {
        for (const span of messagesIn(scope, 2)) {
          this.spans.push({
            traceId: hexIn(span, 1),
            spanId: hexIn(span, 2),
            state: textIn(span, 3),
            parentId: hexIn(span, 4),
            name: textIn(span, 5),
            kind: ({ 2: 'server', 3: 'client' } as const)[numberIn(span, 6)] ?? numberIn(span, 6),
            startNanos: span.get(7)![0] as bigint,
            endNanos: span.get(8)![0] as bigint,
            attributes: attributesIn(span, 9),
            events: messagesIn(span, 11).map((event) => ({
              nanos: event.get(1)![0] as bigint,
              name: textIn(event, 2),
              attributes: attributesIn(event, 3),
            })),
            links: messagesIn(span, 13).map((link) => ({
              traceId: hexIn(link, 1),
              spanId: hexIn(link, 2),
              attributes: attributesIn(link, 4),
            })),
            status: numberIn(messagesIn(span, 15)[0] ?? new Map(), 3),
          });
        }
      }
    }
  }

  #takeMetrics(body: Buffer): void {
    for (const resourceMetrics of messagesIn(fieldsOf(body), 1)) {
      for (const resource of messagesIn(resourceMetrics, 1)) this.resources.push(attributesIn(resource, 1));
      for (const scope of messagesIn(resourceMetrics, 2)) {
        for (const metric of messagesIn(scope, 2)) {
          // Gauge 5, sum 7, histogram 9; of a histogram the count is taken.
          const points = [5, 7, 9].flatMap((kind) => messagesIn(metric, kind).flatMap((data) => messagesIn(data, 1)));
          const values = points.map((point) => (metric.has(9) ? numberIn(point, 4) : doubleIn(point.get(4)?.[0] as bigint)));
          this.metrics.set(
            textIn(metric, 1),
            values.reduce((sum, value) => sum + value, 0),
          );
        }
      }
    }
  }
}

function doubleIn(bits: bigint | undefined): number {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(bits ?? 0n);
  return buffer.readDoubleLE();
}

/** Starts a receiver; it is closed when the test has finished. */
export async function otlpReceiver(): Promise<OtlpReceiver> {
  const receiver = new OtlpReceiver();
  await receiver.listen();
  onTestFinished(() => receiver.close());
  return receiver;
}
