import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProxiedRequest } from '../../src/core/exchange.ts';
import { cacheKey, type KeyScope } from '../../src/policies/cache/cache-key.ts';
import { post, request } from './kit.ts';

const scope: KeyScope = {
  set: 'llm',
  server: 'https://llm.example',
  target: { upstream: 'main' },
  shared: false,
  secret: '01'.repeat(32),
};
const json = ['content-type', 'application/json'];

function key(overrides: Partial<ProxiedRequest> = {}, text: string | Uint8Array = '{}', given: Partial<KeyScope> = {}): string {
  return cacheKey(post({ headers: json, ...overrides }), Buffer.from(text), { ...scope, ...given });
}

/** Writes a value in one of the many ways that JSON has: members in any order, white space, escapes. */
function write(value: unknown, chance: () => number): string {
  const space = () => ['', ' ', '\n', '\t', '\r\n  '][chance() % 5];
  const text = (plain: string) =>
    `"${Array.from(plain)
      .map((char) => (chance() % 3 === 0 ? escaped(char) : JSON.stringify(char).slice(1, -1)))
      .join('')}"`;
  const one = (item: unknown): string => {
    if (typeof item === 'string') return text(item);
    if (Array.isArray(item)) return `[${space()}${item.map(one).join(`${space()},${space()}`)}${space()}]`;
    if (typeof item !== 'object' || item === null) return JSON.stringify(item);
    const members = Object.entries(item).map(([name, member]) => `${text(name)}${space()}:${space()}${one(member)}`);
    if (chance() % 2 === 0) members.reverse();
    return `{${space()}${members.join(`${space()},${space()}`)}${space()}}`;
  };
  return `${space()}${one(value)}${space()}`;
}

function escaped(char: string): string {
  return Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
}

const value = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
const credential = fc
  .string({ minLength: 1, maxLength: 40, unit: fc.constantFrom(...'abcXYZ019-_. ='.split('')) })
  .map((text) => `k${text}k`);
const credentialField = fc.oneof(
  fc.constantFrom('authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'cookie', 'Authorization', 'X-API-Key'),
  // Nobody knows all names that gateways have for them.
  fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'abcdefgh-'.split('')) }).map((name) => `zz-${name}`),
);

describe('the key of a call', () => {
  it('is another one for another principal, whatever field its credential stands in', () => {
    fc.assert(
      fc.property(credentialField, credential, credential, (name, one, other) => {
        const [first, second] = [key({ headers: [...json, name, one] }), key({ headers: [...json, name, other] })];
        expect(first === second).toBe(one === other);
        expect(key()).not.toBe(first);
      }),
    );
  });

  it('takes the whole credential: a common beginning, however long, makes nobody equal', () => {
    fc.assert(
      fc.property(fc.nat(8000), (length) => {
        const common = 'x'.repeat(length);
        const headers = (end: string) => ({ headers: [...json, 'authorization', `Bearer ${common}${end}`] });
        expect(key(headers('a'))).not.toBe(key(headers('b')));
      }),
    );
  });

  it('is the same for bodies that are the same JSON, however they are written', () => {
    fc.assert(
      fc.property(value, fc.infiniteStream(fc.nat(1000)), fc.infiniteStream(fc.nat(1000)), (one, left, right) => {
        const chance = (from: Iterator<number>) => () => from.next().value as number;
        expect(key({}, write(one, chance(left)))).toBe(key({}, write(one, chance(right))));
      }),
    );
  });

  it('is another one for bodies that are other JSON', () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other) || isEqual(one, other);
        expect(key({}, JSON.stringify(one)) === key({}, JSON.stringify(other))).toBe(same);
      }),
    );
  });

  it.each([
    ['a number that cannot be told from another once it is parsed', '{"a":12345678901234567890}', '{"a":12345678901234567891}'],
    ['a key that stands twice', '{"a":1,"a":2}', '{"a":2}'],
    ['a key that stands twice, once escaped', '{"a":1,"\\u0061":2}', '{"a":2}'],
    ['a key that stands twice, in another order', '{"a":1,"a":2}', '{"a":2,"a":1}'],
    ['another order of an array', '[1,2]', '[2,1]'],
    ['a text in place of a number', '{"a":"1"}', '{"a":1}'],
    ['white space within a text', '{"a":"x y"}', '{"a":"x  y"}'],
    ['what is no JSON', '{"a":1', '{"a": 1'],
    ['another form of the same letter', '{"a":"\u00e9"}', '{"a":"e\u0301"}'],
  ])('tells apart %s', (_, one, other) => {
    expect(key({}, one)).not.toBe(key({}, other));
  });

  it('compares bodies that are not said to be JSON, or are encoded, byte by byte', () => {
    for (const headers of [['content-type', 'text/plain'], [], [...json, 'content-encoding', 'gzip']]) {
      expect(key({ headers }, '{"a":1}')).not.toBe(key({ headers }, '{ "a": 1 }'));
      expect(key({ headers }, '{"a":1}')).toBe(key({ headers }, '{"a":1}'));
    }
  });

  it('compares bodies that are too long or too deep to be walked byte by byte', () => {
    const long = JSON.stringify({ a: 'x'.repeat(70_000) });
    const deep = '['.repeat(5000) + ']'.repeat(5000);
    for (const text of [long, deep]) {
      expect(key({}, text)).toBe(key({}, text));
      expect(key({}, text)).not.toBe(key({}, ` ${text}`));
    }
  });

  it('does not let a body that is no JSON pass for the canonical form of one that is', () => {
    expect(key({ headers: json }, '{"a":1,"b":2}')).toBe(key({ headers: json }, '{"b":2,"a":1}'));
    const invalid = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(key({}, invalid)).not.toBe(key({}, invalid.toString()));
  });

  it('heeds neither the order of fields nor the case of their names, but the order of values of one field', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.constantFrom('accept', 'x-one', 'x-two', 'cookie'), credential), { maxLength: 5 }),
        (fields) => {
          const names = [...new Set(fields.map(([name]) => name))].reverse();
          const regrouped = names
            .flatMap((name) => fields.filter(([own]) => own === name))
            .map(([name, text]) => [name.toUpperCase(), ` ${text}`]);
          expect(key({ headers: [...json, ...fields.flat()] })).toBe(key({ headers: [...regrouped.flat(), ...json] }));
        },
      ),
    );
    expect(key({ headers: ['x-a', '1', 'x-a', '2'] })).not.toBe(key({ headers: ['x-a', '2', 'x-a', '1'] }));
  });

  it.each(['user-agent', 'traceparent', 'X-Stainless-Retry-Count', 'content-length', 'idempotency-key', 'x-request-id'])(
    'does not heed %s, which is another one in every call',
    (name) => {
      expect(key({ headers: [...json, name, 'a'] })).toBe(key({ headers: [...json, name, 'b'] }));
    },
  );

  it.each([
    'accept',
    'accept-encoding',
    'anthropic-version',
    'anthropic-beta',
    'mcp-session-id',
    'range',
    'if-none-match',
    'x-forwarded-for',
  ])('heeds %s, which may change the answer', (name) => {
    expect(key({ headers: [...json, name, 'a'] })).not.toBe(key({ headers: [...json, name, 'b'] }));
  });

  it('is made of parts that cannot be taken for one another', () => {
    const part = fc.string({ maxLength: 6, unit: fc.constantFrom(...'a",[]\n\\'.split('')) });
    const parts = fc.record({
      set: part,
      server: part,
      upstream: part,
      model: fc.option(part, { nil: undefined }),
      method: part,
      path: part,
      name: part,
      text: part,
    });
    type Parts = typeof parts extends fc.Arbitrary<infer P> ? P : never;
    const keyOf = ({ set, server, upstream, model, method, path, name, text }: Parts) =>
      cacheKey(request({ method, path, headers: ['x', name] }), Buffer.from(text), {
        ...scope,
        set,
        server,
        target: { upstream, ...(model !== undefined && { model }) },
      });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const trimmed = (of: Parts) => JSON.stringify({ ...of, name: of.name.trim(), model: of.model ?? null });
        expect(keyOf(one) === keyOf(other)).toBe(trimmed(one) === trimmed(other));
      }),
      { numRuns: 500 },
    );
  });

  it('is common to all principals only where the cache is shared, and never that of a cache which is not', () => {
    const alice = { headers: [...json, 'authorization', 'alice', 'x-api-key', 'a', 'Cookie', 'c=1'] };
    const bob = { headers: [...json, 'authorization', 'bob'] };
    expect(key(alice, '{}', { shared: true })).toBe(key(bob, '{}', { shared: true }));
    expect(key({}, '{}', { shared: true })).not.toBe(key());
    expect(key({ headers: [...json, 'accept', 'a'] }, '{}', { shared: true })).not.toBe(key({}, '{}', { shared: true }));
  });

  it('tells nothing without the secret of the installation', () => {
    expect(key()).not.toBe(key({}, '{}', { secret: '02'.repeat(32) }));
    expect(key({ headers: ['authorization', 'Bearer sk-123'] })).toMatch(/^[\w-]{43}$/);
  });
});

/** Whether two values are the same JSON: zero has one sign there that counts, as it is written. */
function isEqual(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((item, i) => isEqual(item, other[i]));
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return typeof one === typeof other && JSON.stringify(one) === JSON.stringify(other);
  }
  const [left, right] = [Object.entries(one), Object.entries(other)];
  return (
    Array.isArray(one) === Array.isArray(other) &&
    left.length === right.length &&
    left.every(([name, member]) => Object.hasOwn(other, name) && isEqual(member, (other as Record<string, unknown>)[name]))
  );
}
