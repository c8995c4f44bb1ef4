import { BoundedBytes } from './lines.ts';

const text = 1;
const close = 8;
/** Two bytes, a length of up to eight and a mask of four. */
const longestHead = 14;
const noBytes = Buffer.alloc(0);

/**
 * Reads the text messages of one direction of a WebSocket (RFC 6455, section 5.2) from a copy of its bytes, however they are
 * cut: masked or not, in one frame or several. Of a message longer than `limitBytes` its beginning is given. It gives up,
 * for good, at the first frame of an extension, such as a compressed one. The bytes are the caller's only until `onText`
 * returns.
 */
export class WebSocketReader {
  /** This side has said that it closes. */
  closed = false;
  readonly #limitBytes: number;
  readonly #onText: (message: Buffer) => void;
  readonly #head = Buffer.alloc(longestHead);
  #headBytes = 0;
  #headLength = 2;
  /** Bytes of the frame's payload that are still to come; -1 while the head is read. */
  #left = -1;
  #at = 0;
  #message: BoundedBytes | undefined;
  #inText = false;
  #blind = false;

  constructor(limitBytes: number, onText: (message: Buffer) => void) {
    this.#limitBytes = limitBytes;
    this.#onText = onText;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#blind) at = this.#left < 0 ? this.#readHead(chunk, at) : this.#readPayload(chunk, at);
  }

  #readHead(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#headBytes < this.#headLength) {
      this.#head[this.#headBytes++] = chunk[at++] as number;
      if (this.#headBytes === 2) this.#headLength = headLengthOf(this.#head);
    }
    if (this.#headBytes === this.#headLength) this.#begin();
    return at;
  }

  #begin(): void {
    const head = this.#head;
    const first = head[0] as number;
    const short = (head[1] as number) & 0x7f;
    this.#left = short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    this.#at = 0;
    this.#headBytes = 0;
    if ((first & 0x70) !== 0) this.#blind = true;
    else if ((first & 0x0f) === close) this.closed = true;
    // Frames of control may stand between those of a message; a continuation goes on with what it continues.
    else if (!this.#isControl && (first & 0x0f) !== 0) this.#inText = (first & 0x0f) === text;
    if (this.#left === 0) this.#end(noBytes);
  }

  #readPayload(chunk: Buffer, at: number): number {
    const end = Math.min(at + this.#left, chunk.length);
    const whole = end - at === this.#left;
    if (!this.#isControl && this.#inText) {
      if (whole && this.#at === 0 && !this.#message && !this.#isMasked && this.#isLast) {
        this.#left = 0;
        this.#end(chunk.subarray(at, end));
        return end;
      }
      this.#keep(chunk, at, end);
    }
    this.#at += end - at;
    this.#left -= end - at;
    if (this.#left === 0) this.#end(noBytes);
    return end;
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    this.#message ??= new BoundedBytes(this.#limitBytes);
    const message = this.#message;
    const before = message.length;
    message.append(chunk, start, end);
    if (!this.#isMasked) return;
    const mask = this.#head.readInt32BE(this.#headLength - 4);
    const { bytes, length } = message;
    for (let i = before, at = this.#at; i < length; i += 1, at += 1) {
      bytes[i] = (bytes[i] as number) ^ (mask >>> (24 - 8 * (at & 3)));
    }
  }

  /** The frame is over; `at` is its payload where that is the whole message. */
  #end(at: Buffer): void {
    const deliver = !this.#isControl && this.#inText && this.#isLast;
    this.#left = -1;
    this.#headLength = 2;
    if (!deliver) return;
    const kept = this.#message;
    this.#message = undefined;
    this.#inText = false;
    this.#onText(kept ? kept.bytes.subarray(0, kept.length) : at);
  }

  get #isControl(): boolean {
    return ((this.#head[0] as number) & 0x08) !== 0;
  }

  get #isLast(): boolean {
    return ((this.#head[0] as number) & 0x80) !== 0;
  }

  get #isMasked(): boolean {
    return ((this.#head[1] as number) & 0x80) !== 0;
  }
}

function headLengthOf(head: Buffer): number {
  const second = head[1] as number;
  const short = second & 0x7f;
  return 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + (second >= 0x80 ? 4 : 0);
}
