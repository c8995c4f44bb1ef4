import { isUtf8 } from 'node:buffer';

/** Bodies above it are compared byte by byte: walking them would hold up everybody else's calls. */
const largestBytes = 64 * 1024;

const deepestLevel = 256;

/**
 * JSON with its members sorted, without white space and with every string written one way, so that two texts of the same
 * value are equal. What readers may take differently stays different: numbers as they were written, a key that stands twice.
 * Undefined for what is malformed or not UTF-8, and for what costs too much: deeper than 256 levels, above 64 KB.
 */
export function canonicalJson(bytes: Uint8Array): string | undefined {
  if (bytes.byteLength > largestBytes || !isUtf8(bytes)) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return new Walk(text).value(0);
}

/** Walks over text that is known to be JSON. */
class Walk {
  readonly #text: string;
  /** A bracket, a comma or a colon; a string; a number or a word. */
  readonly #token = /[ \t\n\r]*([{}[\],:]|"[^"\\]*(?:\\.[^"\\]*)*"|[-+.\w]+)/y;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): string | undefined {
    return this.#value(this.#next(), depth);
  }

  #value(token: string, depth: number): string | undefined {
    if (token === '{' || token === '[') {
      if (depth === deepestLevel) return undefined;
      return token === '{' ? this.#object(depth) : this.#array(depth);
    }
    return rewritten(token);
  }

  #object(depth: number): string | undefined {
    const members: { key: string; value: string }[] = [];
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      const key = token === ',' ? this.#next() : token;
      // The colon.
      this.#next();
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      members.push({ key: rewritten(key), value });
    }
    // Those of one key stay in their order: which of them counts is up to the reader.
    members.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return `{${members.map(({ key, value }) => `${key}:${value}`).join(',')}}`;
  }

  #array(depth: number): string | undefined {
    const items: string[] = [];
    for (let token = this.#next(); token !== ']'; token = this.#next()) {
      const item = this.#value(token === ',' ? this.#next() : token, depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return `[${items.join(',')}]`;
  }

  #next(): string {
    const token = this.#token.exec(this.#text)?.[1];
    if (token === undefined) throw new Error('text that was parsed as JSON has no next token');
    return token;
  }
}

/** A string without escapes is written one way already, and so is anything that is no string. */
function rewritten(token: string): string {
  return token.includes('\\') ? JSON.stringify(JSON.parse(token)) : token;
}
