import type { IncomingMessage } from 'node:http';
import type { RequestBody } from '../core/exchange.ts';

type Read = IteratorResult<Uint8Array, undefined>;

/** Bytes that may lie unread before the agent's socket is paused. */
const readAheadBytes = 256 * 1024;

export interface RequestBodyOptions {
  /** Kept for another attempt up to here. */
  replayBytes: number;
  /** More than this is refused: `onTooLarge` is called once. */
  limitBytes: number;
  /** Called before the first byte is read: the place to send `100 Continue`. */
  onWanted?: () => void;
  onTooLarge: () => void;
}

/**
 * An agent's request body: read once from the socket, readable many times while it fits the replay cap. A body above the
 * cap streams through to its first reader and is then gone.
 */
export class ReplayBody implements RequestBody {
  readonly length: number | undefined;
  readonly #request: IncomingMessage;
  readonly #options: RequestBodyOptions;
  #chunks: Uint8Array[] = [];
  /** Index of the first chunk still kept. */
  #dropped = 0;
  #size = 0;
  #ended = false;
  #broken = false;
  #attached = false;
  #wholeWanted = false;
  #paused = false;
  #kept: boolean;
  #joined: Uint8Array | undefined;
  #readBytes = 0;
  #waiting: (() => void)[] = [];
  #onEnd: (() => void) | undefined;

  constructor(request: IncomingMessage, length: number | undefined, options: RequestBodyOptions) {
    this.#request = request;
    this.length = length;
    this.#options = options;
    this.#kept = length === undefined || length <= options.replayBytes;
    // Without an Expect header the agent sends at once, so taking the bytes in costs nothing and lets small bodies be whole
    // by the time they are sent on.
    if (!options.onWanted) this.#attach();
  }

  get replayable(): boolean {
    return this.#kept && !this.#broken;
  }

  /** Body bytes that came from the agent so far. */
  get receivedBytes(): number {
    return this.#size;
  }

  get bytes(): Uint8Array | undefined {
    if (!this.#ended || !this.#kept) return undefined;
    this.#joined ??= this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.#size);
    return this.#joined;
  }

  /** Resolves when the body is whole, or after a turn of the loop: a small one has mostly come with its head. */
  soon(): Promise<void> {
    if (!this.#attached || this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const turn = setImmediate(resolve);
      const onEnd = () => {
        clearImmediate(turn);
        resolve();
      };
      this.#onEnd = onEnd;
    });
  }

  async whole(): Promise<Uint8Array | undefined> {
    this.#wholeWanted = true;
    this.#attach();
    this.#resume();
    while (!this.#ended && !this.#broken && this.#kept) await this.#more();
    this.#wholeWanted = false;
    return this.bytes;
  }

  open(): AsyncIterable<Uint8Array> & AsyncIterator<Uint8Array, undefined> {
    this.#attach();
    let index = 0;
    let open = true;
    const next = async (): Promise<Read> => {
      for (;;) {
        if (!open) return { done: true, value: undefined };
        const value = this.#chunks[index - this.#dropped];
        if (value) {
          index += 1;
          this.#taken(index, value);
          return { done: false, value };
        }
        if (this.#ended) return { done: true, value: undefined };
        if (this.#broken) throw new Error('the agent broke its upload off');
        this.#resume();
        await this.#more();
      }
    };
    return {
      next,
      return: () => {
        open = false;
        this.#wake();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Nobody reads any more: what still comes is not kept. */
  release(): void {
    this.#kept = false;
    this.#chunks = [];
    this.#joined = undefined;
  }

  #attach(): void {
    if (this.#attached) return;
    this.#attached = true;
    this.#options.onWanted?.();
    this.#request.on('data', (chunk: Uint8Array) => this.#add(chunk));
    this.#request.on('end', () => {
      // A body that was too large is no shorter one for having been read on to its end.
      if (this.#broken) return;
      this.#ended = true;
      this.#onEnd?.();
      this.#wake();
    });
    this.#request.on('close', () => {
      if (this.#ended) return;
      this.#broken = true;
      this.#wake();
    });
    this.#request.on('error', () => {
      this.#broken = true;
      this.#wake();
    });
  }

  #add(chunk: Uint8Array): void {
    if (this.#broken) return;
    this.#size += chunk.byteLength;
    if (this.#size > this.#options.limitBytes) {
      this.#broken = true;
      this.#chunks = [];
      this.#options.onTooLarge();
      this.#wake();
      return;
    }
    this.#chunks.push(chunk);
    if (this.#kept && this.#size > this.#options.replayBytes) {
      this.#kept = false;
      this.#joined = undefined;
    }
    if (!this.#wholeWanted && this.#size - this.#readBytes > readAheadBytes) {
      this.#paused = true;
      this.#request.pause();
    }
    this.#wake();
  }

  #taken(index: number, chunk: Uint8Array): void {
    if (!this.#kept) {
      this.#readBytes += chunk.byteLength;
      this.#chunks.splice(0, index - this.#dropped);
      this.#dropped = index;
    } else {
      this.#readBytes = Math.max(this.#readBytes, this.#bytesBefore(index));
    }
    if (this.#size - this.#readBytes <= readAheadBytes) this.#resume();
  }

  #bytesBefore(index: number): number {
    // Only a body that is still coming needs the sum, to know how far the reader lags behind.
    if (this.#ended) return this.#size;
    let sum = 0;
    for (let i = 0; i < index; i += 1) sum += this.#chunks[i]?.byteLength ?? 0;
    return sum;
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#request.resume();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}

/** The body of a request that has none. */
export const noBody = {
  length: 0,
  replayable: true,
  bytes: new Uint8Array(0),
  receivedBytes: 0,
  whole: () => Promise.resolve(new Uint8Array(0)),
  async *open() {},
  release: () => undefined,
} satisfies RequestBody & { receivedBytes: number; release(): void };
