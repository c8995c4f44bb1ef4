import { isDeepStrictEqual } from 'node:util';
import { asObject, type JsonObject } from '../json-object.ts';
import { Untranslatable } from './untranslatable.ts';

/**
 * Reads an object member by member, and knows at the end whether something was left that nobody has read: nothing can be
 * dropped by being forgotten. `null` counts as absent. Throws `Untranslatable` with the path of what it cannot take.
 */
export class Reading {
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #read = new Set<string>();

  /** `path` is where the object stands in the body, empty for the body itself. */
  constructor(value: unknown, path: string) {
    const object = asObject(value);
    if (!object) throw new Untranslatable(path === '' ? 'the body' : path);
    this.#object = object;
    this.#path = path;
  }

  /** Where a member stands in the body. */
  at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  take(name: string): unknown {
    this.#read.add(name);
    return this.#object[name] ?? undefined;
  }

  text(name: string): string | undefined {
    return this.#typed(name, (value): value is string => typeof value === 'string');
  }

  number(name: string): number | undefined {
    return this.#typed(name, (value): value is number => typeof value === 'number');
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, (value): value is boolean => typeof value === 'boolean');
  }

  list(name: string): readonly unknown[] | undefined {
    return this.#typed(name, Array.isArray);
  }

  needText(name: string): string {
    return this.text(name) ?? this.refuse(name);
  }

  /** The member has one of these values, which say what holds anyway, or is absent. */
  only(name: string, ...values: readonly unknown[]): void {
    const value = this.take(name);
    if (value !== undefined && !values.some((known) => isDeepStrictEqual(value, known))) this.refuse(name);
  }

  refuse(name: string, why?: string): never {
    throw new Untranslatable(why === undefined ? this.at(name) : `${this.at(name)} ${why}`);
  }

  /** Throws at the first member with a value that was not read. */
  end(): void {
    const left = Object.keys(this.#object).find((name) => !this.#read.has(name) && this.#object[name] !== null);
    if (left !== undefined) this.refuse(left);
  }

  #typed<T>(name: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.take(name);
    return value === undefined || is(value) ? value : this.refuse(name);
  }
}
