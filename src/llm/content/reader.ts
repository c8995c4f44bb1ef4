import type { AnswerReader, SaidChoice } from '../../core/content.ts';
import { mediaType, type RawHeaders } from '../../core/headers.ts';
import { contentEncodings } from '../decoded-watcher.ts';
import { Decoder, type Encoding } from '../decoder.ts';
import { asObject, objectsIn, parseJson, parseObject } from '../json-object.ts';
import { asBuffer } from '../json-scan.ts';
import { NdjsonReader } from '../ndjson.ts';
import { type EventReader, SseReader } from '../sse.ts';
import { standsAt } from '../tokens.ts';
import type { AnswerParts } from './choices.ts';

/** Of a compressed answer, more than this is not looked at. */
const decodedBytes = 10 * 1024 * 1024;

/** Reads an answer of that type and coding into its parts; undefined where it is of another. */
export function readerOf(parts: AnswerParts, headers: RawHeaders): AnswerReader | undefined {
  const type = mediaType(headers);
  const applied = contentEncodings(headers);
  const isJson = type === '' || type === 'application/json' || type.endsWith('+json');
  const framing = type === 'text/event-stream' ? 'sse' : type === 'application/x-ndjson' ? 'ndjson' : isJson ? 'json' : undefined;
  if (!framing || !applied) return undefined;
  const plain = framing === 'json' ? new JsonAnswer(parts) : new StreamedAnswer(parts, framing);
  return applied.length === 0 ? plain : new DecodedAnswer(plain, applied);
}

/** An answer that is one JSON text, or an array of what else would be events. */
class JsonAnswer implements AnswerReader {
  readonly begun = false;
  readonly #parts: AnswerParts;
  readonly #chunks: Uint8Array[] = [];

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
  }

  end(): readonly SaidChoice[] | undefined {
    const answer = parseJson(Buffer.concat(this.#chunks));
    const object = asObject(answer);
    if (!object && !Array.isArray(answer)) return undefined;
    for (const part of object ? [object] : objectsIn(answer)) this.#parts.see(part);
    return this.#parts.choices();
  }
}

class StreamedAnswer implements AnswerReader {
  readonly #parts: AnswerParts;
  readonly #reader: EventReader;
  /** An event was longer than what is looked at, or no JSON. */
  #unreadable = false;

  constructor(parts: AnswerParts, framing: 'sse' | 'ndjson') {
    this.#parts = parts;
    const onEvent = (data: Buffer) => this.#event(data);
    this.#reader = framing === 'sse' ? new SseReader(onEvent) : new NdjsonReader(onEvent);
  }

  get begun(): boolean {
    return this.#parts.begun;
  }

  push(chunk: Uint8Array): void {
    this.#reader.push(asBuffer(chunk));
  }

  end(): readonly SaidChoice[] | undefined {
    this.#reader.end();
    return this.#unreadable ? undefined : this.#parts.choices();
  }

  #event(data: Buffer): void {
    const event = parseObject(data);
    if (event) this.#parts.see(event);
    else if (!standsAt(data, 0, '[DONE]')) this.#unreadable = true;
  }
}

/** Shows the decoded copy of a compressed answer to another reader. */
class DecodedAnswer implements AnswerReader {
  readonly #inner: AnswerReader;
  readonly #decoders: readonly Decoder[];

  constructor(inner: AnswerReader, applied: readonly Encoding[]) {
    this.#inner = inner;
    this.#decoders = applied.toReversed().map((encoding) => new Decoder(encoding, decodedBytes));
  }

  get begun(): boolean {
    return this.#inner.begun;
  }

  push(chunk: Uint8Array): Promise<void> {
    return this.#through(0, [chunk]);
  }

  async end(): Promise<readonly SaidChoice[] | undefined> {
    for (const [i, decoder] of this.#decoders.entries()) await this.#through(i + 1, await decoder.finish());
    for (const decoder of this.#decoders) decoder.close();
    const unreadable = this.#decoders.some(({ state }) => state === 'broken' || state === 'full');
    return unreadable ? undefined : this.#inner.end();
  }

  async #through(from: number, chunks: readonly Uint8Array[]): Promise<void> {
    const decoder = this.#decoders[from];
    for (const chunk of chunks) {
      if (decoder) await this.#through(from + 1, await decoder.decode(chunk));
      else await this.#inner.push(chunk);
    }
  }
}
