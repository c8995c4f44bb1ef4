import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suggest } from '../../src/config/suggest.ts';

const keys = ['deadline', 'timeout', 'retry', 'circuitBreaker', 'bulkhead', 'url'];

describe('a suggestion', () => {
  it.each([
    ['deadlin', 'deadline'],
    ['dealdine', 'deadline'],
    ['Timeout', 'timeout'],
    ['time-out', 'timeout'],
    ['circuit_breaker', 'circuitBreaker'],
    ['retires', 'retry'],
    ['rtery', 'retry'],
    ['ulr', 'url'],
    ['uri', 'url'],
    ['backoff', undefined],
    ['cache', undefined],
    ['x', undefined],
    ['', undefined],
  ])('for %j is %j', (written, suggestion) => {
    expect(suggest(written, keys)).toBe(suggestion);
  });

  it('is the nearest of several', () => {
    expect(suggest('headers', ['header', 'headers', 'readers'])).toBe('headers');
  });

  it('undoes any single slip of a longer name', () => {
    const slip = fc.tuple(
      fc.constantFrom(...keys.filter((key) => key.length > 4)),
      fc.nat(),
      fc.constantFrom('drop', 'double', 'swap', 'replace'),
    );
    fc.assert(
      fc.property(slip, ([key, seed, kind]) => {
        const at = seed % (key.length - 1);
        const [left, here, next, right] = [key.slice(0, at), key[at], key[at + 1], key.slice(at + 2)];
        const written = {
          drop: left + next + right,
          double: left + here + here + next + right,
          swap: left + next + here + right,
          replace: `${left}q${next}${right}`,
        }[kind];
        expect(suggest(written ?? '', keys)).toBe(key);
      }),
    );
  });

  it('takes no time for names of any length', () => {
    expect(suggest('a'.repeat(1_000_000), [...keys, 'b'.repeat(1_000_000)])).toBeUndefined();
  });
});
