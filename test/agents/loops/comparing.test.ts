import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalArguments } from '../../../src/agents/loops/canonical-arguments.ts';
import { looksFailed } from '../../../src/agents/loops/looks-failed.ts';
import { maskVolatile } from '../../../src/agents/loops/mask-volatile.ts';
import { repeatingTail } from '../../../src/agents/loops/repeating-tail.ts';
import { similarity } from '../../../src/agents/loops/similarity.ts';
import { mutatesByName, pollsByName, waits } from '../../../src/agents/loops/tool-names.ts';

const none: ReadonlySet<string> = new Set();

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, shuffled(inner)]),
  );
}

describe('arguments', () => {
  test('are the same whatever the order of keys and the white space', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (value) => {
        const canonical = canonicalArguments(value, none);
        expect(canonicalArguments(shuffled(value), none)).toBe(canonical);
        expect(canonicalArguments(JSON.stringify(shuffled(value), undefined, 2), none)).toBe(canonical);
      }),
    );
  });

  test('differ where a value does, and not where the key is ignored, at any depth', () => {
    expect(canonicalArguments({ a: 1 }, none)).not.toBe(canonicalArguments({ a: '1' }, none));
    expect(canonicalArguments({ a: [1, 2] }, none)).not.toBe(canonicalArguments({ a: [2, 1] }, none));
    const ignored = new Set(['at']);
    expect(canonicalArguments({ q: { at: 1, x: 2 }, at: 3 }, ignored)).toBe(canonicalArguments({ q: { x: 2, at: 9 } }, ignored));
  });

  test('that are no JSON stay as they are', () => {
    expect([canonicalArguments(' ls -l ', none), canonicalArguments('{broken', none)]).toEqual(['ls -l', '{broken']);
  });

  test('of any depth end', () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 5000; depth += 1) deep = { deep };
    expect(canonicalArguments(deep, none).length).toBeLessThan(1000);
  });
});

describe('the similarity of two texts', () => {
  test('lies between 0 and 1, is 1 for equal ones, and the same both ways', () => {
    fc.assert(
      fc.property(fc.lorem({ maxCount: 30 }), fc.lorem({ maxCount: 30 }), (one, other) => {
        const alike = similarity(one, other);
        expect(alike).toBeGreaterThanOrEqual(0);
        expect(alike).toBeLessThanOrEqual(1);
        expect(similarity(other, one)).toBe(alike);
        expect(similarity(one, one)).toBe(1);
      }),
    );
  });

  test('is the share of common words', () => {
    expect(similarity('a b c d', 'a b c e')).toBe(0.6);
    expect([similarity('', 'a'), similarity('a', 'b')]).toEqual([0, 0]);
  });
});

test('what differs from run to run is masked, and other digits stay', () => {
  const at = (n: number) =>
    `at 2026-11-2${n}T10:00:0${n}.12${n}Z 0x7ffe${n}a8b pid ${n}12 took ${n}.5 ms, attempt ${n} of 5, id 1234567${n}-89ab-4cde-8f01-23456789abcd`;
  expect(maskVolatile(at(1))).toBe(maskVolatile(at(2)));
  expect(maskVolatile('page 1')).not.toBe(maskVolatile('page 2'));
});

test('of a long result its beginning, its end and its length count', () => {
  const long = (middle: string) => `${'a'.repeat(3000)}${middle}${'b'.repeat(3000)}`;
  expect(maskVolatile(long('x'))).toBe(maskVolatile(long('y')));
  expect(maskVolatile(long('x'))).not.toBe(maskVolatile(long('xx')));
  expect(maskVolatile('x'.repeat(1_000_000)).length).toBeLessThan(4200);
});

test.each([
  ['Error: no such file', true],
  ['Traceback (most recent call last):', true],
  ['Process exited with code 1\nok', true],
  ['Process exited with code 0\nError: is not one', false],
  [`${'fine '.repeat(40)}raise Exception("in a line of source")`, false],
  ['12 tests, all passed', false],
])('whether %j failed: %j', (text, failed) => {
  expect(looksFailed(text)).toBe(failed);
});

test('names tell what polls and what changes something', () => {
  expect(['get_status', 'bash.wait', 'listFiles', 'read_file'].map(pollsByName)).toEqual([true, true, true, false]);
  expect(['edit_file', 'POST /orders', 'createIssue', 'latest', 'read_file'].map(mutatesByName)).toEqual([true, true, true, false, false]);
  expect([waits('sleep 30; make'), waits('grep sleep')]).toEqual([true, false]);
});

describe('the tail of a text', () => {
  test('repeats what stands there at least ten times over a thousand characters', () => {
    const unit = fc.string({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), unit, fc.integer({ min: 1, max: 60 }), (before, passage, times) => {
        const found = repeatingTail((before + passage.repeat(times)).slice(-4096));
        const length = Math.min(passage.length * times, 4096);
        if (length >= 1000 && length >= passage.length * 10) expect(found).toBeGreaterThanOrEqual(10);
      }),
    );
  });

  test('of text that goes on does not, nor do nine times or short ones', () => {
    const sheep = Array.from({ length: 300 }, (_, at) => `${at} sheep, `).join('');
    expect(repeatingTail(sheep)).toBeUndefined();
    expect(repeatingTail('x'.repeat(999))).toBeUndefined();
    expect(repeatingTail('x'.repeat(1000))).toBe(1000);
    expect(repeatingTail(`${sheep}${`${'a'.repeat(199)}b`.repeat(9)}`)).toBeUndefined();
    expect(repeatingTail(`${sheep}${`${'a'.repeat(199)}b`.repeat(10)}`)).toBe(10);
  });
});
