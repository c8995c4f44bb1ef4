import type { SocketClose } from '../core/event.ts';

const close = 8;
/** Two bytes, a length of up to eight and a mask of four. */
const longestHead = 14;
const goingAway = 1001;
/** Codes from here on are for programs, not for the protocol (RFC 6455, 7.4.2). */
const application = 3000;

/**
 * Counts the messages of one direction of a WebSocket (RFC 6455, section 5.2) on a copy of its bytes, however they are cut,
 * compressed or not: of a frame its head alone is looked at.
 */
export class MessageCount {
  /** Whole messages so far, those of control left out. */
  messages = 0;
  /** What this side's close says; undefined before that. */
  closed: SocketClose | undefined;
  readonly #head = Buffer.alloc(longestHead);
  #headBytes = 0;
  #headLength = 2;
  /** Bytes of the frame that are still to come; -1 while its head is read. */
  #left = -1;
  /** The beginning of a close's payload. */
  #code: number[] = [];

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) at = this.#left < 0 ? this.#readHead(chunk, at) : this.#skip(chunk, at);
  }

  #readHead(chunk: Uint8Array, from: number): number {
    const head = this.#head;
    let at = from;
    while (at < chunk.length && this.#headBytes < this.#headLength) {
      head[this.#headBytes++] = chunk[at++] as number;
      if (this.#headBytes === 2) this.#headLength = 2 + lengthBytes(head) + (isMasked(head) ? 4 : 0);
    }
    if (this.#headBytes < this.#headLength) return at;
    const short = (head[1] as number) & 0x7f;
    this.#left = short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    if (this.#left === 0) this.#end();
    return at;
  }

  #skip(chunk: Uint8Array, from: number): number {
    const end = Math.min(from + this.#left, chunk.length);
    if (this.#opcode === close) for (let at = from; at < end && this.#code.length < 2; at += 1) this.#code.push(chunk[at] as number);
    this.#left -= end - from;
    if (this.#left === 0) this.#end();
    return end;
  }

  #end(): void {
    const isLast = ((this.#head[0] as number) & 0x80) !== 0;
    if (this.#opcode < close && isLast) this.messages += 1;
    else if (this.#opcode === close) this.closed = kindOf(this.#closeCode());
    this.#left = -1;
    this.#headBytes = 0;
    this.#headLength = 2;
  }

  /** Undefined for a close that names none. */
  #closeCode(): number | undefined {
    const mask = isMasked(this.#head) ? this.#head.readUInt16BE(this.#headLength - 4) : 0;
    const [high, low] = this.#code;
    return high === undefined || low === undefined ? undefined : ((high << 8) | low) ^ mask;
  }

  get #opcode(): number {
    return (this.#head[0] as number) & 0x0f;
  }
}

function kindOf(code: number | undefined): SocketClose {
  if (code === undefined || code <= goingAway) return 'normal';
  return code < application ? 'error' : 'application';
}

function isMasked(head: Buffer): boolean {
  return (head[1] as number) >= 0x80;
}

function lengthBytes(head: Buffer): number {
  const short = (head[1] as number) & 0x7f;
  return short < 126 ? 0 : short === 126 ? 2 : 8;
}
