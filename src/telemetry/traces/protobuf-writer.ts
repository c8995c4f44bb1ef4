/** Larger memory than this is not kept for the next message; a batch of 512 spans is about 600 KB. */
const keptBytes = 4 * 1024 * 1024;
const firstBytes = 16 * 1024;

/** What of a text's length fits into one byte. */
const shortText = 0x7f;

/**
 * Writes the fields of messages as protocol buffers (https://protobuf.dev/programming-guides/encoding), one behind the other,
 * into memory that is used again.
 */
export class ProtobufWriter {
  #buffer = Buffer.allocUnsafe(firstBytes);
  #at = 0;

  /** What was written since the last time, in memory of its own. */
  take(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#at));
    this.#at = 0;
    if (this.#buffer.byteLength > keptBytes) this.#buffer = Buffer.allocUnsafe(firstBytes);
    return bytes;
  }

  /** A whole number; a negative one as 64 bits. */
  whole(field: number, value: number): void {
    this.#key(field, 0);
    this.#room(10);
    if (value < 0) this.#negative(BigInt.asUintN(64, BigInt(value)));
    else this.#varint(value);
  }

  double(field: number, value: number): void {
    this.#key(field, 1);
    this.#room(8);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
  }

  fixed64(field: number, value: bigint): void {
    this.#key(field, 1);
    this.#room(8);
    this.#at = this.#buffer.writeBigUInt64LE(value, this.#at);
  }

  fixed32(field: number, value: number): void {
    this.#key(field, 5);
    this.#room(4);
    this.#at = this.#buffer.writeUInt32LE(value, this.#at);
  }

  text(field: number, text: string): void {
    this.#key(field, 2);
    this.#room(5 + 3 * text.length);
    if (text.length > shortText || !this.#ascii(text)) {
      this.#varint(Buffer.byteLength(text));
      this.#at += this.#buffer.write(text, this.#at);
    }
  }

  /** Bytes that are given as hex digits. */
  hex(field: number, digits: string): void {
    this.#key(field, 2);
    this.#room(5 + digits.length);
    this.#varint(digits.length / 2);
    this.#at += this.#buffer.write(digits, this.#at, 'hex');
  }

  /** What comes before a message of that many bytes. */
  head(field: number, bytes: number): void {
    this.#key(field, 2);
    this.#room(5);
    this.#varint(bytes);
  }

  /** Begins a message in a field. Gives what `end` must be given behind its last field. */
  begin(field: number): number {
    this.#key(field, 2);
    this.#room(1);
    this.#at += 1;
    return this.#at;
  }

  end(start: number): void {
    const length = this.#at - start;
    const more = length < 0x80 ? 0 : length < 0x4000 ? 1 : length < 0x20_0000 ? 2 : 3;
    if (more > 0) {
      this.#room(more);
      this.#buffer.copyWithin(start + more, start, this.#at);
    }
    this.#at = start - 1;
    this.#varint(length);
    this.#at += length;
  }

  /** One byte a char is by far the most common; false where the text has others, and nothing is written then. */
  #ascii(text: string): boolean {
    const buffer = this.#buffer;
    const from = this.#at + 1;
    for (let i = 0; i < text.length; i += 1) {
      const char = text.charCodeAt(i);
      if (char > 0x7f) return false;
      buffer[from + i] = char;
    }
    buffer[this.#at] = text.length;
    this.#at = from + text.length;
    return true;
  }

  #key(field: number, type: number): void {
    this.#room(5);
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#buffer[this.#at++] = (rest % 0x80) | 0x80;
    this.#buffer[this.#at++] = rest;
  }

  #negative(value: bigint): void {
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#buffer[this.#at++] = Number(rest);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.byteLength) return;
    const grown = Buffer.allocUnsafe(2 * (this.#at + bytes));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}
