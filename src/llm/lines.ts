/** Takes one line, without its end: `bytes[start, end)`. The bytes are the caller's only until it returns. */
export type OnLine = (bytes: Buffer, start: number, end: number) => void;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts chunks into lines that end in LF, CR or CRLF, whatever the chunks' borders. Of a line longer than the limit the
 * first `limitBytes` are given, so memory is bounded; nothing ever throws.
 */
export class LineReader {
  readonly #limitBytes: number;
  readonly #onLine: OnLine;
  #rest: BoundedBytes | undefined;
  #skipLineFeed = false;

  constructor(limitBytes: number, onLine: OnLine) {
    this.#limitBytes = limitBytes;
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let at = this.#skipLineFeed && chunk[0] === lineFeed ? 1 : 0;
    this.#skipLineFeed = false;
    let nextLineFeed = chunk.indexOf(lineFeed, at);
    let nextReturn = chunk.indexOf(carriageReturn, at);
    while (nextLineFeed >= 0 || nextReturn >= 0) {
      const byReturn = nextReturn >= 0 && (nextLineFeed < 0 || nextReturn < nextLineFeed);
      const end = byReturn ? nextReturn : nextLineFeed;
      this.#line(chunk, at, end);
      at = end + 1;
      if (byReturn && at === nextLineFeed) at += 1;
      else if (byReturn && at === chunk.length) this.#skipLineFeed = true;
      if (nextLineFeed >= 0 && nextLineFeed < at) nextLineFeed = chunk.indexOf(lineFeed, at);
      if (nextReturn >= 0 && nextReturn < at) nextReturn = chunk.indexOf(carriageReturn, at);
    }
    if (at < chunk.length) {
      this.#rest ??= new BoundedBytes(this.#limitBytes);
      this.#rest.append(chunk, at, chunk.length);
    }
  }

  /** The input is over: gives a last line that has no end. */
  end(): void {
    if (this.#rest) this.#line(Buffer.alloc(0), 0, 0);
  }

  #line(chunk: Buffer, start: number, end: number): void {
    const rest = this.#rest;
    if (!rest) {
      this.#onLine(chunk, start, Math.min(end, start + this.#limitBytes));
      return;
    }
    rest.append(chunk, start, end);
    this.#rest = undefined;
    this.#onLine(rest.bytes, 0, rest.length);
  }
}

/** Bytes collected up to a limit; what comes above it is dropped. Grows by doubling, so that collecting stays linear. */
export class BoundedBytes {
  readonly #limitBytes: number;
  /** Its first `length` bytes are those collected. */
  bytes: Buffer = Buffer.alloc(0);
  length = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  append(source: Buffer, start: number, end: number): void {
    const taken = Math.min(end - start, this.#limitBytes - this.length);
    if (taken <= 0) return;
    const needed = this.length + taken;
    if (needed > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#limitBytes, Math.max(needed, this.bytes.length * 2, 1024)));
      this.bytes.copy(grown, 0, 0, this.length);
      this.bytes = grown;
    }
    source.copy(this.bytes, this.length, start, start + taken);
    this.length = needed;
  }
}
