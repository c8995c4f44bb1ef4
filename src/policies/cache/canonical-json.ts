import { isUtf8 } from 'node:buffer';
import { sortStably } from './sort-stably.ts';

/** Bodies above it are compared byte by byte: walking them would hold up everybody else's calls. */
const largestBytes = 64 * 1024;

const deepestLevel = 256;

/**
 * JSON with its members sorted, without white space and with every string written one way, so that two texts of the same
 * value are equal. What readers may take differently stays different: numbers as they were written, a key that stands twice.
 * Undefined for what is malformed or not UTF-8, and for what costs too much: deeper than 256 levels, above 64 KB. Numbers,
 * words and strings without escapes are not looked into: as they are kept as written, no two of them can be mistaken.
 */
export function canonicalJson(bytes: Uint8Array): string | undefined {
  if (bytes.byteLength > largestBytes || !isUtf8(bytes)) return undefined;
  return new Walk(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()).whole();
}

interface Member {
  readonly key: string;
  readonly value: string;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Whether a char stands in numbers and in the words true, false and null. */
const inWord = Array.from({ length: 128 }, (_, char) => /[-+.\w]/.test(String.fromCharCode(char)));

/**
 * Walks over JSON char by char, and over a string by `indexOf`, which reads many chars at once. Each method leaves `#at`
 * behind what it read, and gives undefined where that is malformed.
 */
class Walk {
  readonly #text: string;
  #at = 0;
  /** Where the next backslash is; behind the text if there is none. */
  #backslash = -1;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): string | undefined {
    const value = this.#value(0);
    return Number.isNaN(this.#next()) ? value : undefined;
  }

  #value(depth: number): string | undefined {
    const char = this.#next();
    if (char === quote) return this.#string();
    if (char !== openBrace && char !== openBracket) return this.#word();
    if (depth === deepestLevel) return undefined;
    this.#at += 1;
    return char === openBrace ? this.#object(depth) : this.#array(depth);
  }

  #object(depth: number): string | undefined {
    if (this.#takes(closeBrace)) return '{}';
    const members: Member[] = [];
    let sorted = true;
    let last = '';
    do {
      const key = this.#next() === quote ? this.#string() : undefined;
      if (key === undefined || !this.#takes(colon)) return undefined;
      const value = this.#value(depth + 1);
      if (value === undefined) return undefined;
      sorted &&= last <= key;
      last = key;
      members.push({ key, value });
    } while (this.#takes(comma));
    if (!this.#takes(closeBrace)) return undefined;
    // Those of one key stay in their order: which of them counts is up to the reader.
    if (!sorted) sortStably(members, byKey);
    let text = '';
    for (const { key, value } of members) text += `${text === '' ? '{' : ','}${key}:${value}`;
    return `${text}}`;
  }

  #array(depth: number): string | undefined {
    if (this.#takes(closeBracket)) return '[]';
    let text = '';
    do {
      const item = this.#value(depth + 1);
      if (item === undefined) return undefined;
      text += `${text === '' ? '[' : ','}${item}`;
    } while (this.#takes(comma));
    return this.#takes(closeBracket) ? `${text}]` : undefined;
  }

  /** A string without escapes is written one way already. */
  #string(): string | undefined {
    const from = this.#at;
    if (this.#backslash < from) this.#backslash = this.#find('\\', from);
    let end = this.#find('"', from + 1);
    if (this.#backslash > end) return this.#taken(end + 1);
    while (this.#isEscaped(end)) end = this.#find('"', end + 1);
    const written = this.#taken(end + 1);
    return written && rewritten(written);
  }

  /** Whether an odd number of backslashes stands before a quote. */
  #isEscaped(at: number): boolean {
    let first = at;
    while (this.#text.charCodeAt(first - 1) === backslash) first -= 1;
    return (at - first) % 2 === 1;
  }

  #word(): string | undefined {
    const text = this.#text;
    let end = this.#at;
    while (inWord[text.charCodeAt(end)]) end += 1;
    return end === this.#at ? undefined : this.#taken(end);
  }

  /** What stands from here to `end`; undefined if the text ends before that. */
  #taken(end: number): string | undefined {
    const from = this.#at;
    this.#at = end;
    return end <= this.#text.length ? this.#text.slice(from, end) : undefined;
  }

  /** The next char that is not white space; NaN at the end. */
  #next(): number {
    const text = this.#text;
    for (;;) {
      const char = text.charCodeAt(this.#at);
      if (char !== 0x20 && char !== 0x0a && char !== 0x0d && char !== 0x09) return char;
      this.#at += 1;
    }
  }

  #takes(char: number): boolean {
    if (this.#next() !== char) return false;
    this.#at += 1;
    return true;
  }

  #find(char: string, from: number): number {
    const at = this.#text.indexOf(char, from);
    return at < 0 ? this.#text.length : at;
  }
}

function byKey(a: Member, b: Member): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** A string with escapes, written in the one way in which JSON.stringify does. */
function rewritten(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}
