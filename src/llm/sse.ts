import { BoundedBytes, LineReader } from './lines.ts';

/** Takes one event: its data and its name, empty where it has none. The bytes are the caller's only until it returns. */
export type OnEvent = (data: Buffer, name: string) => void;

/** Tells the events of a stream apart, whatever the borders of its chunks. */
export interface EventReader {
  push(chunk: Buffer): void;
  /** The input is over: gives an event whose end is missing, too, because some servers leave it out after the last. */
  end(): void;
  /** Comments so far: sent to keep the connection alive. */
  readonly comments: number;
}

/** Of an event or a line above this, only the first bytes are looked at. */
export const eventLimitBytes = 1024 * 1024;

const colon = 0x3a;
const space = 0x20;
const letterD = 0x64;
const letterE = 0x65;
const letterI = 0x69;
const noBytes = Buffer.alloc(0);

/**
 * Reads server-sent events (WHATWG HTML, section 9.2.6): every line end, a byte order mark, comments, data of several
 * lines. Of `id` it counts
 * that it is there; `retry` means nothing to it. Bounded by 1 MB an event, and never throws.
 */
export class SseReader implements EventReader {
  comments = 0;
  /** Lines so far that give an event an id: it can be asked for what comes behind it. */
  ids = 0;
  readonly #limitBytes: number;
  readonly #lines: LineReader;
  readonly #onEvent: OnEvent;
  #first = true;
  #name = '';
  #dataLines = 0;
  /** The data, while it is one line of the chunk at hand. */
  #data: Buffer = noBytes;
  /** The data, once it is several lines or has to outlive its chunk. */
  #kept: BoundedBytes | undefined;

  constructor(onEvent: OnEvent, limitBytes: number = eventLimitBytes) {
    this.#limitBytes = limitBytes;
    this.#onEvent = onEvent;
    this.#lines = new LineReader(limitBytes, (bytes, start, end) => this.#line(bytes, start, end));
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk);
    if (this.#dataLines > 0) this.#keep();
  }

  end(): void {
    this.#lines.end();
    this.#dispatch();
  }

  #line(bytes: Buffer, lineStart: number, end: number): void {
    const start = this.#first ? behindMark(bytes, lineStart, end) : lineStart;
    this.#first = false;
    const byte = start === end ? undefined : bytes[start];
    if (byte === undefined) this.#dispatch();
    else if (byte === letterD && isField(bytes, start, end, 'data')) this.#dataLine(bytes, valueStart(bytes, start + 4, end), end);
    else if (byte === letterE && isField(bytes, start, end, 'event'))
      this.#name = bytes.toString('utf8', valueStart(bytes, start + 5, end), end);
    else if (byte === colon) this.comments += 1;
    else if (byte === letterI && isField(bytes, start, end, 'id') && valueStart(bytes, start + 2, end) < end) this.ids += 1;
  }

  #dataLine(bytes: Buffer, start: number, end: number): void {
    this.#dataLines += 1;
    if (this.#dataLines === 1) {
      this.#data = bytes.subarray(start, end);
      return;
    }
    const kept = this.#keep();
    kept.append(lineEnd, 0, 1);
    kept.append(bytes, start, end);
  }

  #keep(): BoundedBytes {
    if (!this.#kept) {
      this.#kept = new BoundedBytes(this.#limitBytes);
      this.#kept.append(this.#data, 0, this.#data.length);
      this.#data = noBytes;
    }
    return this.#kept;
  }

  #dispatch(): void {
    const name = this.#name;
    this.#name = '';
    if (this.#dataLines === 0) return;
    const data = this.#kept ? this.#kept.bytes.subarray(0, this.#kept.length) : this.#data;
    this.#dataLines = 0;
    this.#data = noBytes;
    this.#kept = undefined;
    this.#onEvent(data, name);
  }
}

const lineEnd = Buffer.from('\n');

/** Behind a UTF-8 byte order mark, where the stream begins with one. */
function behindMark(bytes: Buffer, start: number, end: number): number {
  return end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf ? start + 3 : start;
}

function isField(bytes: Buffer, start: number, end: number, name: string): boolean {
  for (let i = 1; i < name.length; i += 1) if (bytes[start + i] !== name.charCodeAt(i)) return false;
  const behind = start + name.length;
  return behind === end || (behind < end && bytes[behind] === colon);
}

/** Where a field's value starts: behind the colon and one space, if there is one. */
function valueStart(bytes: Buffer, nameEnd: number, end: number): number {
  if (nameEnd >= end) return end;
  return nameEnd + 1 < end && bytes[nameEnd + 1] === space ? nameEnd + 2 : nameEnd + 1;
}
