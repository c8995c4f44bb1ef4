import { createTraceState } from '@opentelemetry/api';
import type { SpanAttributes, SpanValue } from './attributes.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import type { FinishedSpan, SpanPlace } from './span-sink.ts';

// Numbers of fields and values: opentelemetry-proto 1.x, trace.proto, common.proto and resource.proto.
const kinds = { server: 2, client: 3 };
const statusError = 2;
/** What is exported counts as sampled, whatever the head decision was. */
const sampled = 0x1;
const saysWhetherRemote = 0x100;
const remote = 0x200;

/** Who sends spans: attributes of the resource, and the name and version of the scope. */
export interface SpanOrigin {
  readonly resource: SpanAttributes;
  readonly scope: { readonly name: string; readonly version: string };
}

/**
 * Encodes spans for OTLP. OpenTelemetry's encoder wants objects of another shape, and takes twice as long with them.
 */
export class OtlpEncoder {
  readonly #writer = new ProtobufWriter();
  readonly #resource: Buffer;
  readonly #scope: Buffer;

  constructor({ resource, scope }: SpanOrigin) {
    this.#resource = this.#message(1, () => this.#attributes(1, resource));
    this.#scope = this.#message(1, () => {
      this.#writer.text(1, scope.name);
      this.#writer.text(2, scope.version);
    });
  }

  /** Puts spans behind those that were added before. */
  add(spans: readonly FinishedSpan[]): void {
    for (const span of spans) this.#span(span);
  }

  /** One export (ExportTraceServiceRequest) of all that was added since the last one. */
  take(): Uint8Array {
    const spans = this.#writer.take();
    const length = this.#scope.byteLength + spans.byteLength;
    this.#writer.head(2, length);
    const scopeHead = this.#writer.take();
    this.#writer.head(1, this.#resource.byteLength + scopeHead.byteLength + length);
    return Buffer.concat([this.#writer.take(), this.#resource, scopeHead, this.#scope, spans]);
  }

  #span(span: FinishedSpan): void {
    const writer = this.#writer;
    const { place, parent, attributes, events, droppedEvents, links } = span;
    const start = writer.begin(2);
    this.#context(place);
    if (parent) writer.hex(4, parent.spanId);
    writer.text(5, span.name);
    writer.whole(6, kinds[span.kind]);
    writer.fixed64(7, nanos(span.startMs));
    writer.fixed64(8, nanos(span.endMs));
    for (const part of attributes) this.#attributes(9, part);
    for (const event of events) {
      const at = writer.begin(11);
      writer.fixed64(1, nanos(event.atMs));
      writer.text(2, event.name);
      this.#attributes(3, event.attributes);
      writer.end(at);
    }
    if (droppedEvents > 0) writer.whole(12, droppedEvents);
    for (const link of links) {
      const at = writer.begin(13);
      this.#context(link.place);
      this.#attributes(4, link.attributes);
      writer.fixed32(6, flagsOf(link.place));
      writer.end(at);
    }
    const status = writer.begin(15);
    if (span.failed) writer.whole(3, statusError);
    writer.end(status);
    writer.fixed32(16, flagsOf(parent));
    writer.end(start);
  }

  #context({ traceId, spanId, state }: SpanPlace): void {
    this.#writer.hex(1, traceId);
    this.#writer.hex(2, spanId);
    if (state !== '') this.#writer.text(3, createTraceState(state).serialize());
  }

  #attributes(field: number, attributes: SpanAttributes): void {
    for (const key in attributes) {
      const value = attributes[key];
      if (value === undefined) continue;
      const pair = this.#writer.begin(field);
      this.#writer.text(1, key);
      this.#value(2, value);
      this.#writer.end(pair);
    }
  }

  #value(field: number, value: SpanValue): void {
    const writer = this.#writer;
    const start = writer.begin(field);
    if (typeof value === 'string') writer.text(1, value);
    else if (typeof value === 'boolean') writer.whole(2, value ? 1 : 0);
    else if (typeof value === 'object') {
      const list = writer.begin(5);
      for (const item of value) this.#value(1, item);
      writer.end(list);
    } else if (Number.isSafeInteger(value)) writer.whole(3, value);
    else writer.double(4, value);
    writer.end(start);
  }

  #message(field: number, write: () => void): Buffer {
    const start = this.#writer.begin(field);
    write();
    this.#writer.end(start);
    return this.#writer.take();
  }
}

/** Of the context that a span's parent or a link has. */
function flagsOf(place: SpanPlace | undefined): number {
  return sampled | saysWhetherRemote | (place?.remote ? remote : 0);
}

/** Nanoseconds since the Unix epoch: more digits than a number has. */
function nanos(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000));
}
