const newline = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;

/** Where in a body a fault hits, by what the body holds and not by how it came in chunks. */
export interface HitPoint {
  /** Sees a chunk; the offset in it from which on the fault holds, undefined while that is not reached. */
  find(chunk: Uint8Array): number | undefined;
}

/** Behind so many events of a stream; comments are none. Knows every line end of server-sent events. */
export class BehindEvents implements HitPoint {
  readonly #lines: boolean;
  #left: number;
  #inLine = false;
  #inEvent = false;
  #afterReturn = false;

  /** `lines`: every line is an event, as in NDJSON; else an empty line ends one. */
  constructor(events: number, lines: boolean) {
    this.#left = events;
    this.#lines = lines;
  }

  find(chunk: Uint8Array): number | undefined {
    if (this.#left === 0) return 0;
    for (const [i, byte] of chunk.entries()) {
      if (!this.#endsEvent(byte)) continue;
      this.#left -= 1;
      if (this.#left === 0) return byte === carriageReturn && chunk[i + 1] === newline ? i + 2 : i + 1;
    }
    return undefined;
  }

  #endsEvent(byte: number): boolean {
    const wasReturn = this.#afterReturn;
    this.#afterReturn = byte === carriageReturn;
    if (byte === newline && wasReturn) return false;
    if (byte !== newline && byte !== carriageReturn) {
      if (!this.#inLine && byte !== colon) this.#inEvent = true;
      this.#inLine = true;
      return false;
    }
    const ends = this.#inEvent && (this.#lines || !this.#inLine);
    this.#inLine = false;
    if (ends) this.#inEvent = false;
    return ends;
  }
}

/** The middle of a body of a known length, else of its first chunk. */
export class InTheMiddle implements HitPoint {
  #left: number | undefined;

  constructor(lengthBytes: number | undefined) {
    this.#left = lengthBytes === undefined ? undefined : lengthBytes >> 1;
  }

  find(chunk: Uint8Array): number | undefined {
    this.#left ??= chunk.byteLength >> 1;
    if (this.#left <= chunk.byteLength) return this.#left;
    this.#left -= chunk.byteLength;
    return undefined;
  }
}
