const quote = 0x22;

/**
 * Finds pieces of JSON, each beginning with the quote of a key or value, in one pass; Buffer.indexOf is slower, for it
 * stops at every quote. In JSON a quote inside a string is escaped, so text cannot pass for a key: good for deciding that
 * an event need not be parsed.
 */
export class Tokens {
  readonly #pieces: readonly string[];
  /** By the byte behind the quote: which pieces go on like that, bit by bit. */
  readonly #starts = new Uint8Array(256);

  /** At most eight pieces. */
  constructor(...pieces: string[]) {
    if (pieces.length > 8) throw new Error('More than eight pieces do not fit.');
    this.#pieces = pieces;
    for (const [i, piece] of pieces.entries()) {
      const first = piece.charCodeAt(1);
      this.#starts[first] = (this.#starts[first] as number) | (1 << i);
    }
  }

  /** Which pieces stand in the bytes: bit `i` for the piece number `i`. */
  in(bytes: Uint8Array): number {
    const starts = this.#starts;
    let found = 0;
    for (let at = 0, last = bytes.length - 1; at < last; at += 1) {
      if (bytes[at] !== quote) continue;
      const possible = starts[bytes[at + 1] as number] as number;
      if (possible !== 0) found |= this.#at(bytes, at, possible);
    }
    return found;
  }

  #at(bytes: Uint8Array, at: number, possible: number): number {
    let found = 0;
    for (let left = possible; left !== 0; left &= left - 1) {
      const i = 31 - Math.clz32(left & -left);
      if (standsAt(bytes, at, this.#pieces[i] as string)) found |= 1 << i;
    }
    return found;
  }
}

/** Whether these ASCII characters stand at an offset. */
export function standsAt(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
