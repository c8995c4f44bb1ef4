const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');

/** Told by a ResponseReader what it has read. */
export interface ResponseListener {
  /** A piece of the body, without chunk framing; a view that is valid during the call only. */
  onBody?(piece: Buffer): void;
  /** The end of a response, with its status and the bytes of its body. */
  onEnd(status: number, bodyBytes: number): void;
}

/**
 * Reads the responses of one connection, split anywhere, with as little work as they need: a status line, then a body framed by
 * Content-Length or by chunks. Throws on anything else.
 */
export class ResponseReader {
  #listener: ResponseListener;
  #kept: Buffer | undefined;
  #status = 0;
  #bodyBytes = 0;
  #state: 'head' | 'length' | 'size' | 'data' | 'data-end' | 'trailers' = 'head';
  /** Bytes still to come of the body or of the chunk. */
  #left = 0;

  constructor(listener: ResponseListener) {
    this.#listener = listener;
  }

  /** Takes what a socket has read. */
  push(data: Buffer): void {
    const input = this.#kept === undefined ? data : Buffer.concat([this.#kept, data]);
    this.#kept = undefined;
    let at = 0;
    while (at < input.length) {
      const next = this.#step(input, at);
      if (next === undefined) {
        this.#kept = Buffer.from(input.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** Reads one element from `at`; returns where the next one begins, or undefined when it is not all there yet. */
  #step(input: Buffer, at: number): number | undefined {
    switch (this.#state) {
      case 'head':
        return this.#head(input, at);
      case 'length':
      case 'data':
        return this.#data(input, at);
      case 'size':
      case 'data-end':
      case 'trailers':
        return this.#line(input, at);
    }
  }

  #head(input: Buffer, at: number): number | undefined {
    const end = input.indexOf(headEnd, at);
    if (end < 0) return undefined;
    const head = input.toString('latin1', at, end);
    this.#status = Number(head.slice(9, 12));
    this.#bodyBytes = 0;
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) {
      this.#left = Number(length);
      this.#state = 'length';
      if (this.#left === 0) this.#end();
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#state = 'size';
    } else {
      throw new Error(`a response without Content-Length or chunks: ${head}`);
    }
    return end + headEnd.length;
  }

  #data(input: Buffer, at: number): number {
    const end = Math.min(input.length, at + this.#left);
    this.#left -= end - at;
    this.#bodyBytes += end - at;
    this.#listener.onBody?.(input.subarray(at, end));
    if (this.#left > 0) return end;
    if (this.#state === 'length') this.#end();
    else this.#state = 'data-end';
    return end;
  }

  #line(input: Buffer, at: number): number | undefined {
    const end = input.indexOf(lineEnd, at);
    if (end < 0) return undefined;
    if (this.#state === 'size') {
      this.#left = Number.parseInt(input.toString('latin1', at, end), 16);
      if (Number.isNaN(this.#left)) throw new Error('a chunk without a size');
      this.#state = this.#left === 0 ? 'trailers' : 'data';
    } else if (this.#state === 'data-end') {
      if (end !== at) throw new Error('a chunk longer than its size');
      this.#state = 'size';
    } else if (end === at) {
      this.#end();
    }
    return end + lineEnd.length;
  }

  #end(): void {
    this.#state = 'head';
    this.#listener.onEnd(this.#status, this.#bodyBytes);
  }
}
