/** Why a schema is not held against an answer. */
export type SchemaObstacle = 'too-big' | 'too-deep' | 'reference' | 'pattern' | 'unsupported' | 'malformed' | 'too-much-work';

/** A schema that can be held against a value without harm. */
export interface PlainSchema {
  readonly schema: object | boolean;
  /** Steps of work that were taken; `limit` of them, and the check throws `tooMuchWork`. */
  readonly work: Work;
}

/** Thrown out of a check that would take too long. */
export const tooMuchWork = new Error('too much work');

/** Values and keys of a schema; one of a tool has some dozens. */
const mostNodes = 20_000;
const deepestLevel = 64;

/** They may take for ever. Without these a schema lets more pass, never less. (`format` says nothing by itself.) */
const loosened = new Set(['pattern', 'uniqueItems']);

/** Below these, what lets more pass may make the whole let less pass. */
const turning = new Set(['not', 'if', 'oneOf', 'contains']);

/** What names a schema or leads to another one than by a path within the document. */
const renaming = new Set(['$id', 'id', '$anchor', '$recursiveRef', '$recursiveAnchor', '$dynamicRef', '$dynamicAnchor', '$vocabulary']);

const mapsOfSchemas = new Set(['properties', '$defs', 'definitions', 'dependentSchemas']);
const listsOfSchemas = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const oneSchema = new Set([
  ...['additionalItems', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else', 'contains', 'items'],
  ...['unevaluatedProperties', 'unevaluatedItems'],
]);

const types = new Set<unknown>(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']);

/** Counts the work of one check. */
export class Work {
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  take(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw tooMuchWork;
  }
}

/**
 * A copy of a schema from a request that holds nothing dangerous: no references out of it, no regular expressions, a bounded
 * size; and each look at one of its parts counts as work, so that references that go round in circles end. Or why there is
 * no such copy. `stepCost` is what a look costs beside the size of what is looked at.
 */
export function plainSchema(written: unknown, workLimit: number, stepCost: number): PlainSchema | SchemaObstacle {
  const work = new Work(workLimit);
  const copier = new Copier(work, stepCost);
  const schema = copier.schema(written, 0, false);
  if (copier.obstacle) return copier.obstacle;
  return typeof schema === 'boolean' || (typeof schema === 'object' && schema !== null) ? { schema, work } : 'malformed';
}

class Copier {
  obstacle: SchemaObstacle | undefined;
  readonly #work: Work;
  readonly #stepCost: number;
  #nodes = 0;
  /** Something was left out that would let less pass. */
  #isLoosened = false;
  /** A reference stands where letting more pass makes the whole let less pass. */
  #refersTurned = false;

  constructor(work: Work, stepCost: number) {
    this.#work = work;
    this.#stepCost = stepCost;
  }

  /** `turned`: what lets more pass here makes the whole let less pass. */
  schema(written: unknown, depth: number, turned: boolean): unknown {
    if (this.#isTooMuch(depth)) return true;
    if (typeof written === 'boolean') return written;
    if (!isObject(written)) return this.#stop('malformed');
    const copy: Record<string, unknown> = {};
    const before = this.#nodes;
    let inner = 0;
    for (const [key, value] of Object.entries(written)) {
      if (this.obstacle) return true;
      const at = this.#nodes;
      const kept = this.#keyword(key, value, depth, turned);
      if (isOfSchemas(key)) inner += this.#nodes - at;
      if (kept !== undefined) copy[key] = kept;
    }
    // What stands in the schema itself is looked at each time, such as the values of an enum.
    this.#countLooks(copy, this.#stepCost + 1 + (this.#nodes - before - inner));
    return copy;
  }

  #keyword(key: string, value: unknown, depth: number, turned: boolean): unknown {
    if (key === '$ref') return this.#reference(value, turned);
    // The name of the whole is of no use where nothing but paths within it is followed.
    if (renaming.has(key)) return depth === 0 && (key === '$id' || key === 'id') ? undefined : this.#stop('reference');
    if (key === 'patternProperties') return this.#stop('pattern');
    if (loosened.has(key)) return this.#loosen(turned);
    return this.#inside(key, value, depth + 1, turned || turning.has(key));
  }

  #inside(key: string, value: unknown, depth: number, turned: boolean): unknown {
    if (mapsOfSchemas.has(key)) {
      if (!isObject(value)) return this.#stop('malformed');
      const entries = Object.entries(value).map(([name, schema]) => [name, this.schema(schema, depth, turned)] as const);
      return Object.fromEntries(entries);
    }
    if (listsOfSchemas.has(key) || (key === 'items' && Array.isArray(value))) {
      if (!Array.isArray(value)) return this.#stop('malformed');
      return value.map((schema: unknown) => this.schema(schema, depth, turned));
    }
    if (oneSchema.has(key)) return this.schema(value, depth, turned);
    if (key === 'dependencies') return this.#stop('unsupported');
    if (!checked.has(key)) return undefined;
    return isWellFormed(key, value) ? this.#data(value, depth) : this.#stop('malformed');
  }

  /** What a reference leads to stands elsewhere, so that it is not known there whether it is turned. */
  #loosen(turned: boolean): undefined {
    this.#isLoosened = true;
    return turned || this.#refersTurned ? this.#stop('pattern') : undefined;
  }

  #reference(value: unknown, turned: boolean): unknown {
    this.#refersTurned ||= turned;
    if (turned && this.#isLoosened) return this.#stop('pattern');
    return typeof value === 'string' && (value === '#' || value.startsWith('#/')) ? value : this.#stop('reference');
  }

  /** A value that is compared and not a schema. */
  #data(value: unknown, depth: number): unknown {
    if (this.#isTooMuch(depth)) return undefined;
    if (Array.isArray(value)) for (const item of value) this.#data(item, depth + 1);
    else if (isObject(value)) for (const item of Object.values(value)) this.#data(item, depth + 1);
    return value;
  }

  #isTooMuch(depth: number): boolean {
    this.#nodes += 1;
    if (this.#nodes > mostNodes) this.#stop('too-big');
    else if (depth > deepestLevel) this.#stop('too-deep');
    return this.obstacle !== undefined;
  }

  /** The validator reads this keyword once at each look at a schema. */
  #countLooks(schema: Record<string, unknown>, steps: number): void {
    const work = this.#work;
    const get = () => {
      work.take(steps);
      return undefined;
    };
    Object.defineProperty(schema, '$recursiveAnchor', { enumerable: false, get });
  }

  #stop(why: SchemaObstacle): undefined {
    this.obstacle ??= why;
    return undefined;
  }
}

/** Keywords whose values are compared with what is checked; all others say nothing of it. */
const checked = new Set([
  ...['type', 'const', 'enum', 'required', 'dependentRequired', 'minProperties', 'maxProperties', 'minItems', 'maxItems'],
  ...['minContains', 'maxContains', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength'],
]);

/** The validator takes what a keyword must not hold for something else. */
function isWellFormed(key: string, value: unknown): boolean {
  if (key === 'type') return Array.isArray(value) ? value.every((type) => types.has(type)) : types.has(value);
  if (key === 'required') return Array.isArray(value) && value.every((name) => typeof name === 'string');
  return key !== 'enum' || Array.isArray(value);
}

function isOfSchemas(key: string): boolean {
  return mapsOfSchemas.has(key) || listsOfSchemas.has(key) || oneSchema.has(key);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
