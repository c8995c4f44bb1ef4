import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSchema } from '../../src/policies/validate/json-schema.ts';

const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };

/** Longest that one check may hold up everything else, in milliseconds; some of it is the slowness of a busy machine. */
const atMostMs = 1500;

function timed(schema: unknown, value: unknown) {
  const since = performance.now();
  const found = checkSchema(schema, value);
  expect(performance.now() - since).toBeLessThan(atMostMs);
  return found;
}

describe('a schema', () => {
  it.each([
    [city, { city: 'Rome' }],
    [true, 1],
    [{ $ref: '#/$defs/list', $defs: { list: { type: ['array', 'null'], items: { $ref: '#/$defs/list' } } } }, [[], [[null]]]],
    [{ $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] }, ['a', 1]],
    [{ $id: 'https://example.org/city', ...city }, { city: 'Rome' }],
    [{ oneOf: [{ type: 'string', format: 'date' }, { type: 'number' }] }, 1],
    [{ type: 'string', nullable: true, 'x-order': 1 }, 'a'],
  ])('is met: %j by %j', (schema, value) => {
    expect(checkSchema(schema, value)).toEqual({ kind: 'ok' });
  });

  it.each([
    [city, {}, 'required'],
    [city, { city: 1 }, 'type'],
    [{ type: 'array', items: city }, [{ city: 'Rome' }, { town: 'Rome' }], 'additionalProperties'],
    [{ enum: ['a', 'b'] }, 'c', 'enum'],
    [{ $ref: '#/definitions/city', definitions: { city } }, [], 'type'],
    [false, 1, 'false'],
  ])('is not met: %j by %j', (schema, value, keyword) => {
    expect(checkSchema(schema, value)).toMatchObject({ kind: 'unmet', keyword });
  });

  it('that was looked at is as it was', () => {
    const schema = { ...city, $defs: { a: { $ref: '#' } } };
    const before = JSON.stringify(schema);
    checkSchema(Object.freeze(schema), { city: 'Rome' });
    expect(JSON.stringify(schema)).toBe(before);
  });

  it('is loosened where a part of it might take for ever', () => {
    expect(timed({ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(40)}!`)).toEqual({ kind: 'ok' });
    expect(
      timed(
        { type: 'array', uniqueItems: true },
        Array.from({ length: 100_000 }, (_, i) => i),
      ),
    ).toEqual({ kind: 'ok' });
    expect(timed({ type: 'string', format: 'uri' }, 'x'.repeat(100_000))).toEqual({ kind: 'ok' });
  });
});

describe('a hostile schema is skipped with a reason', () => {
  const deep = (levels: number): unknown => (levels === 0 ? true : { items: deep(levels - 1) });
  const doubling = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`d${i}`, { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] }]),
  );

  it.each([
    ['that is too deep', deep(100), [], 'too-deep'],
    ['that is too big', { enum: Array.from({ length: 30_000 }, (_, i) => i) }, 1, 'too-big'],
    ['that refers to itself', { $ref: '#' }, 1, 'too-much-work'],
    ['whose references go round', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }, 1, 'too-much-work'],
    ['whose references double', { $ref: '#/$defs/d0', $defs: { ...doubling, d60: {} } }, 1, 'too-much-work'],
    ['that leads elsewhere', { $ref: 'https://example.org/schema' }, 1, 'reference'],
    ['that leads to a file', { $ref: 'file:///etc/passwd' }, 1, 'reference'],
    ['that leads nowhere', { $ref: '#/$defs/none' }, 1, 'reference'],
    ['with names of its own within', { properties: { a: { $id: 'https://example.org' } } }, {}, 'reference'],
    ['with patterns for names', { patternProperties: { '^(a+)+$': true } }, {}, 'pattern'],
    ['where leaving out a pattern lets less pass', { not: { pattern: 'a' } }, 'b', 'pattern'],
    ['where a reference hides that', { not: { $ref: '#/$defs/a' }, $defs: { a: { pattern: 'a' } } }, 'b', 'pattern'],
    ['where it hides that behind', { $defs: { a: { pattern: 'a' } }, not: { $ref: '#/$defs/a' } }, 'b', 'pattern'],
    ['of a type that there is not', { type: 'STRING' }, 'a', 'malformed'],
    ['that is a text', 'a', 'a', 'malformed'],
    ['whose names are a text', { required: 'city' }, {}, 'malformed'],
  ])('%s', (_, schema, value, why) => {
    expect(timed(schema, value)).toEqual({ kind: 'skipped', why });
  });

  it('however deep or wide the value is', () => {
    const tree = { type: 'array', items: { $ref: '#' } };
    const nested = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) as unknown;
    expect(timed(tree, nested)).toEqual({ kind: 'skipped', why: 'too-much-work' });
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i]));
    expect(timed({ allOf: Array.from({ length: 5000 }, () => ({ minProperties: 1 })) }, wide)).toEqual({
      kind: 'skipped',
      why: 'too-much-work',
    });
  });

  it('and nothing is ever thrown', () => {
    const keywords = fc.constantFrom(
      'type',
      'properties',
      '$ref',
      'items',
      'enum',
      'required',
      'anyOf',
      'not',
      'if',
      'const',
      '__proto__',
      'id',
      '$defs',
    );
    const { schema } = fc.letrec((tie) => ({
      schema: fc.oneof({ depthSize: 'small' }, fc.jsonValue(), fc.dictionary(keywords, tie('schema'))),
    }));
    fc.assert(
      fc.property(schema, fc.jsonValue(), (any, value) => {
        expect(['ok', 'unmet', 'skipped']).toContain(checkSchema(any, value).kind);
      }),
      { numRuns: 500 },
    );
  });
});
