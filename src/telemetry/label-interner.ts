import { containsSecret } from './redact.ts';
import type { Series } from './series.ts';

/** Stands for every value that has no series of its own. */
export const otherLabel = 'other';

/**
 * Bounds the values of a label that callers choose: the first `limit` different ones keep their name, the rest are
 * `other`. What stands in the configuration keeps its name in any case.
 */
export class LabelInterner {
  limit: number;
  readonly #overflow: Series;
  readonly #known = new Map<string, string>();

  constructor(limit: number, overflow: Series) {
    this.limit = limit;
    this.#overflow = overflow;
  }

  /** Keeps names that the configuration gives. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#known.set(name, name);
  }

  /** The name that a value has, without taking it as a new one. */
  peek(text: string): string {
    return this.#known.get(text) ?? otherLabel;
  }

  value(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= this.limit || !/^[\w.:/@+~-]{1,80}$/.test(text) || containsSecret(text)) {
      this.#overflow.value += 1;
      return otherLabel;
    }
    // A copy: the text may be a slice that would keep a whole request body alive.
    const copy = Buffer.from(text).toString();
    this.#known.set(copy, copy);
    return copy;
  }
}
