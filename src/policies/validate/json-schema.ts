import { type SchemaDraft, Validator } from '@cfworker/json-schema';
import { plainSchema, type SchemaObstacle, tooMuchWork } from './plain-schema.ts';

/** What a schema says of a value: `ok`, where it is not met, or why it was not held against it. */
export type SchemaFinding =
  | { readonly kind: 'ok' }
  | { readonly kind: 'unmet'; readonly keyword: string; readonly message: string }
  | { readonly kind: 'skipped'; readonly why: SchemaObstacle };

/** A hundred thousand steps are some tenths of a second; a tool call takes some dozens. */
const workLimit = 100_000;

/** So many members of an array or an object, or chars of a text, are looked at in one step. */
const membersAStep = 8;
const charsAStep = 4096;

/**
 * Holds a JSON Schema that came with a request against a value that came with an answer. Both may be hostile: what would
 * take long, or lead elsewhere, is skipped, and nothing is thrown. `pattern`, `format` and `uniqueItems` are not looked at.
 */
export function checkSchema(schema: unknown, value: unknown): SchemaFinding {
  const plain = plainSchema(schema, workLimit, bulkOf(value));
  if (typeof plain === 'string') return { kind: 'skipped', why: plain };
  try {
    const { valid, errors } = new Validator(plain.schema, draftOf(schema)).validate(value);
    // The last error is the innermost: those before it tell the way there. That nothing is allowed says less than where.
    const unmet = errors.findLast(({ keyword }) => keyword !== 'false') ?? errors.at(-1);
    if (valid || !unmet) return { kind: 'ok' };
    return { kind: 'unmet', keyword: unmet.keyword, message: `${unmet.instanceLocation}: ${unmet.error}` };
  } catch (error) {
    // Too deep a value or too many errors end the stack; a reference that leads nowhere or a keyword of a wrong type throws.
    if (error === tooMuchWork || error instanceof RangeError) return { kind: 'skipped', why: 'too-much-work' };
    return { kind: 'skipped', why: String(error).includes('Unresolved $ref') ? 'reference' : 'malformed' };
  }
}

function draftOf(schema: unknown): SchemaDraft {
  const named = typeof schema === 'object' && schema !== null && '$schema' in schema ? String(schema.$schema) : '';
  if (/draft-0[467]/.test(named)) return named.includes('draft-04') ? '4' : '7';
  return named.includes('2019-09') ? '2019-09' : '2020-12';
}

/** What one look at the bulkiest part of a value costs, in steps. */
function bulkOf(value: unknown): number {
  let most = 0;
  const seen: unknown[] = [value];
  for (let next = seen.pop(); next !== undefined || seen.length > 0; next = seen.pop()) {
    if (typeof next === 'string') most = Math.max(most, next.length / charsAStep);
    if (typeof next !== 'object' || next === null) continue;
    const members: unknown[] = Array.isArray(next) ? next : Object.values(next);
    most = Math.max(most, members.length / membersAStep);
    for (const member of members) if (typeof member === 'object' || typeof member === 'string') seen.push(member);
  }
  return Math.floor(most);
}
