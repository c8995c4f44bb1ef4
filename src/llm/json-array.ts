import { BoundedBytes } from './lines.ts';
import { type EventReader, eventLimitBytes, type OnEvent } from './sse.ts';

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const noBytes = Buffer.alloc(0);

/**
 * Reads a JSON array that grows, as Google streams where no events are asked for: every object in it is an event without a
 * name, and so is an object in place of the array. What stands between them and is no JSON, and an end within the array, are
 * events that no format takes for whole. Bounded by 1 MB an object, and never throws.
 */
export class JsonArrayReader implements EventReader {
  readonly comments = 0;
  readonly #onEvent: OnEvent;
  /** Brackets and braces that are open. */
  #depth = 0;
  /** How many were, before the object at hand; -1 between objects. */
  #outside = -1;
  #inString = false;
  #escaped = false;
  #broken = false;
  /** The object at hand, where it began in an earlier chunk. */
  #kept: BoundedBytes | undefined;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      if (this.#broken) return;
      const byte = chunk[at] as number;
      if (this.#inString) this.#stringByte(byte);
      else if (this.#outside >= 0) {
        if (this.#ends(byte)) this.#give(chunk, start, at + 1);
      } else if (byte === openBrace) {
        start = at;
        this.#outside = this.#depth;
        this.#depth += 1;
      } else this.#between(byte);
    }
    if (this.#outside >= 0) this.#keep(chunk, start, chunk.length);
  }

  end(): void {
    if (this.#depth > 0 && !this.#broken) this.#give(noBytes, 0, 0);
  }

  #stringByte(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === backslash) this.#escaped = true;
    else if (byte === quote) this.#inString = false;
  }

  /** Whether the object at hand ends with this byte. */
  #ends(byte: number): boolean {
    if (byte === quote) this.#inString = true;
    else if (byte === openBrace || byte === openBracket) this.#depth += 1;
    else if (byte === closeBrace || byte === closeBracket) this.#depth -= 1;
    return this.#depth === this.#outside;
  }

  #between(byte: number): void {
    if (byte === openBracket && this.#depth === 0) this.#depth = 1;
    else if (byte === closeBracket && this.#depth === 1) this.#depth = 0;
    else if (byte !== comma && byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
      this.#broken = true;
      this.#onEvent(noBytes, '');
    }
  }

  #give(chunk: Buffer, start: number, end: number): void {
    const kept = this.#kept && this.#keep(chunk, start, end);
    this.#outside = -1;
    this.#kept = undefined;
    this.#onEvent(kept ? kept.bytes.subarray(0, kept.length) : chunk.subarray(start, Math.min(end, start + eventLimitBytes)), '');
  }

  #keep(chunk: Buffer, start: number, end: number): BoundedBytes {
    this.#kept ??= new BoundedBytes(eventLimitBytes);
    this.#kept.append(chunk, start, end);
    return this.#kept;
  }
}
