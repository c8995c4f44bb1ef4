import { isUtf8 } from 'node:buffer';

/** Where a value stands, in bytes. */
export interface Range {
  readonly start: number;
  /** Just behind the value's last byte. */
  readonly end: number;
}

/** One member of a JSON object: the byte range of its (last) value, and how often its key stands there. */
export interface Member extends Range {
  readonly hits: number;
}

export type Members = ReadonlyMap<string, Member>;

const deepestLevel = 512;

/**
 * The top-level members of a JSON object (RFC 8259) by their decoded keys, found without parsing the values: linear, and
 * long strings are skipped natively. Undefined for anything else: malformed, not UTF-8, not an object, nested deeper than
 * 512 levels. What stands inside the values' strings is not looked at, beyond finding where they end.
 */
export function scanObject(bytes: Uint8Array): Members | undefined {
  if (!isUtf8(bytes)) return undefined;
  const scanner = new Scanner(asBuffer(bytes).toString('latin1'));
  const members = new Map<string, Member>();
  const end = scanner.object(scanner.behindSpace(0), 0, members);
  return end >= 0 && scanner.behindSpace(end) === bytes.byteLength ? members : undefined;
}

/** Where the JSON object that begins at `start` ends; -1 if it is malformed or not all there. */
export function objectEnd(bytes: Uint8Array, start: number): number {
  const end = new Scanner(asBuffer(bytes).toString('latin1', start)).object(0, 0);
  return end < 0 ? -1 : start + end;
}

/** The byte ranges of the elements of a member that is an array; undefined where it is none, or stands there more than once. */
export function elementsOf(bytes: Uint8Array, member: Member | undefined): readonly Range[] | undefined {
  if (member?.hits !== 1 || bytes[member.start] !== openBracket) return undefined;
  const { start, end } = member;
  const elements: Range[] = [];
  const scanned = new Scanner(asBuffer(bytes).toString('latin1', start, end)).array(0, 0, elements);
  return scanned < 0 ? undefined : elements.map((element) => ({ start: start + element.start, end: start + element.end }));
}

/** Where JSON goes on behind white space. */
export function behindSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at]) at += 1;
  return at;
}

/** The value of a member as text: undefined where it is missing, no string, or stands there more than once. */
export function textOf(bytes: Uint8Array, member: Member | undefined): string | undefined {
  if (member?.hits !== 1 || bytes[member.start] !== quote) return undefined;
  return decodeString(asBuffer(bytes).toString('latin1', member.start, member.end));
}

/** An object in a body, whose members are asked for by their keys. */
export interface InnerObject {
  text(key: string): string | undefined;
  object(key: string): InnerObject | undefined;
}

/** The object that a member is; undefined where it is missing, something else, or stands there more than once. */
export function objectAt(bytes: Uint8Array, member: Member | undefined): InnerObject | undefined {
  if (member?.hits !== 1 || bytes[member.start] !== openBrace) return undefined;
  const inner = bytes.subarray(member.start, member.end);
  const members = scanObject(inner);
  return members && { text: (key) => textOf(inner, members.get(key)), object: (key) => objectAt(inner, members.get(key)) };
}

/** Whether a member is there with a value other than `null` and `false`; a repeated key counts as set. */
export function isSet(bytes: Uint8Array, member: Member | undefined): boolean {
  if (!member) return false;
  const first = bytes[member.start];
  return member.hits > 1 || (first !== letterN && first !== letterF);
}

/** Whether a member is there once and is the number 0, in whatever way it is written. */
export function isZero(bytes: Uint8Array, member: Member | undefined): boolean {
  return member?.hits === 1 && Number(asBuffer(bytes).toString('latin1', member.start, member.end)) === 0;
}

/** A view of the same memory with Buffer's methods. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const letterN = 0x6e;
const letterF = 0x66;
const letterT = 0x74;
const minus = 0x2d;

/**
 * Walks over JSON as text of one char a byte: a string's end is found by `indexOf`, which reads many chars at once where a
 * look at a byte costs one step each. Each method takes an offset and returns the one behind what it read, or -1 where the
 * JSON is malformed.
 */
class Scanner {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  object(from: number, depth: number, members?: Map<string, Member>): number {
    const text = this.#text;
    if (text.charCodeAt(from) !== openBrace || depth >= deepestLevel) return -1;
    let at = this.behindSpace(from + 1);
    if (text.charCodeAt(at) === closeBrace) return at + 1;
    for (;;) {
      const keyEnd = this.#string(at);
      if (keyEnd < 0) return -1;
      const separator = this.behindSpace(keyEnd);
      if (text.charCodeAt(separator) !== colon) return -1;
      const start = this.behindSpace(separator + 1);
      const end = this.#value(start, depth + 1);
      if (end < 0 || (members && !note(members, decodeString(text.slice(at, keyEnd)), start, end))) return -1;
      at = this.behindSpace(end);
      const byte = text.charCodeAt(at);
      if (byte === closeBrace) return at + 1;
      if (byte !== comma) return -1;
      at = this.behindSpace(at + 1);
    }
  }

  array(from: number, depth: number, elements?: Range[]): number {
    const text = this.#text;
    if (depth >= deepestLevel) return -1;
    let at = this.behindSpace(from + 1);
    if (text.charCodeAt(at) === closeBracket) return at + 1;
    for (;;) {
      const end = this.#value(at, depth + 1);
      if (end < 0) return -1;
      elements?.push({ start: at, end });
      at = this.behindSpace(end);
      const byte = text.charCodeAt(at);
      if (byte === closeBracket) return at + 1;
      if (byte !== comma) return -1;
      at = this.behindSpace(at + 1);
    }
  }

  #value(from: number, depth: number): number {
    switch (this.#text.charCodeAt(from)) {
      case quote:
        return this.#string(from);
      case openBrace:
        return this.object(from, depth);
      case openBracket:
        return this.array(from, depth);
      case letterT:
        return this.#literal(from, 'true');
      case letterF:
        return this.#literal(from, 'false');
      case letterN:
        return this.#literal(from, 'null');
      default:
        return this.#number(from);
    }
  }

  #string(from: number): number {
    const text = this.#text;
    if (text.charCodeAt(from) !== quote) return -1;
    for (let at = from + 1; ; ) {
      const found = text.indexOf('"', at);
      if (found < 0) return -1;
      if (text.charCodeAt(found - 1) !== backslash || !this.#isEscaped(found, at)) return found + 1;
      at = found + 1;
    }
  }

  /** A quote behind an odd run of backslashes is escaped. At `from` no escape is under way. */
  #isEscaped(at: number, from: number): boolean {
    let run = at;
    while (run > from && this.#text.charCodeAt(run - 1) === backslash) run -= 1;
    return (at - run) % 2 === 1;
  }

  #literal(from: number, word: string): number {
    return this.#text.startsWith(word, from) ? from + word.length : -1;
  }

  #number(from: number): number {
    const text = this.#text;
    let at = text.charCodeAt(from) === minus ? from + 1 : from;
    const whole = at;
    at = this.#digits(at);
    if (at === whole || (text.charCodeAt(whole) === 0x30 && at > whole + 1)) return -1;
    if (text.charCodeAt(at) === 0x2e) {
      const fraction = at + 1;
      at = this.#digits(fraction);
      if (at === fraction) return -1;
    }
    if (text.charCodeAt(at) === 0x65 || text.charCodeAt(at) === 0x45) {
      const sign = text.charCodeAt(at + 1);
      const exponent = sign === 0x2b || sign === minus ? at + 2 : at + 1;
      at = this.#digits(exponent);
      if (at === exponent) return -1;
    }
    return at;
  }

  #digits(from: number): number {
    let at = from;
    for (let byte = this.#text.charCodeAt(at); byte >= 0x30 && byte <= 0x39; byte = this.#text.charCodeAt(at)) at += 1;
    return at;
  }

  behindSpace(from: number): number {
    let at = from;
    for (;;) {
      const byte = this.#text.charCodeAt(at);
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at;
      at += 1;
    }
  }
}

function note(members: Map<string, Member>, key: string | undefined, start: number, end: number): boolean {
  if (key === undefined) return false;
  members.set(key, { start, end, hits: (members.get(key)?.hits ?? 0) + 1 });
  return true;
}

/**
 * What a JSON string, given with its quotes as text of one char a byte, stands for; undefined where an escape or a control
 * character makes it malformed.
 */
function decodeString(text: string): string | undefined {
  // Nearly all keys stand for themselves.
  if (plain.test(text)) return text.slice(1, -1);
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'latin1').toString());
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

const plain = /^"[\x20-\x5b\x5d-\x7e]*"$/;
