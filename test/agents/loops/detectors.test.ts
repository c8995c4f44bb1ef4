import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cycle } from '../../../src/agents/loops/cycle.ts';
import { judgeRounds } from '../../../src/agents/loops/judge-rounds.ts';
import { loopDetectionSettings } from '../../../src/settings/loop-detection.ts';
import { rounds } from '../kit.ts';

const settings = loopDetectionSettings.parse({});
const judge = (names: readonly string[], more = {}) => judgeRounds(rounds(names, more), settings, new Set());
const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');

describe('a cycle', () => {
  test('of two to five different rounds is found wherever it is entered, behind whatever came before', () => {
    const shape = fc.record({
      period: fc.integer({ min: 2, max: 5 }),
      enteredAt: fc.nat({ max: 4 }),
      times: fc.integer({ min: 3, max: 8 }),
      before: fc.nat({ max: 20 }),
      partial: fc.nat({ max: 4 }),
    });
    fc.assert(
      fc.property(shape, ({ period, enteredAt, times, before, partial }) => {
        const names = letters.slice(0, period);
        const looping = Array.from({ length: period * times + (partial % period) }, (_, at) => names[(at + enteredAt) % period]!);
        const prefix = Array.from({ length: before }, (_, at) => `z${at}`);
        const found = cycle(rounds([...prefix, ...looping]));
        expect(found).toMatchObject({ kind: 'cycle', count: times, last: prefix.length + looping.length - 1 });
        expect(judge([...prefix, ...looping])).toMatchObject({ level: 'act' });
        // The same circle has the same name wherever it was entered.
        expect(found?.fingerprint).toBe(cycle(rounds(Array.from({ length: period * 2 }, (_, at) => names[at % period]!)))?.fingerprint);
      }),
    );
  });

  test('is none where results differ, where the period is longer, and where all rounds are one', () => {
    expect(cycle(rounds(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']))).toBeUndefined();
    expect(cycle(rounds([...letters.slice(0, 6), ...letters.slice(0, 6), ...letters.slice(0, 6)]))).toBeUndefined();
    expect(cycle(rounds(['a', 'a', 'a', 'a', 'a', 'a']))).toBeUndefined();
  });
});

test('rounds of which no two are alike are never judged, however many', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom(...letters) }), { maxLength: 64 }),
      (words) => {
        expect(judge(words.map((word, at) => `${String.fromCharCode(0x4e00 + at)}${word}`))).toBeUndefined();
      },
    ),
  );
});

test.each([
  ['repeat', ['a1', 'a1', 'a1'], {}, 'warn'],
  ['repeat', ['a1', 'a1', 'a1', 'a1'], {}, 'act'],
  ['near-repeat', ['a1', 'a2', 'a3', 'a4', 'a5'], { alike: true }, 'act'],
  ['error', ['a1', 'b1', 'c1', 'd1', 'e1'], { error: true }, 'act'],
  ['monologue', ['a', 'a', 'a', 'a', 'a'], { tools: '' }, 'act'],
  ['interleaved', ['a1', 'b2', 'a1', 'c3', 'd4', 'a1', 'e5', 'f6', 'a1'], {}, 'warn'],
  ['stagnation', ['a1', 'b1', 'c1', 'd1', 'e1', 'f1'], {}, 'warn'],
])('%s in %j %j is to be told or acted on', (kind, names, more, level) => {
  expect(judge(names, more)).toMatchObject({ kind, level });
  // The round before, it was not yet so.
  expect(judge(names.slice(0, -1), more)?.level).not.toBe(level);
});

test.each([
  ['the same tool with other results that do not resemble each other', ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'], {}],
  ['empty results of one tool', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], { empty: true }],
  ['a change among rounds that come back', ['a1', 'b2', 'a1', 'c3', 'a1', 'd4', 'a1'], { mutating: true }],
  ['nine rounds of a tool that is there to be asked', Array(9).fill('a1') as string[], { polling: true }],
])('%s is left alone', (_, names, more) => {
  expect(judge(names, more)).toBeUndefined();
});

test('a tool that is there to be asked is told of at ten and acted on at twenty', () => {
  expect(judge(Array(10).fill('a1'), { polling: true })).toMatchObject({ level: 'warn' });
  expect(judge(Array(20).fill('a1'), { polling: true })).toMatchObject({ level: 'act' });
});

test('rounds that are further apart than the window are no loop', () => {
  const apart = rounds(['a1', 'a1', 'a1', 'a1']).map((round, at) => ({ ...round, atMs: at * 600_001 }));
  expect(judgeRounds(apart, settings, new Set())).toBeUndefined();
  expect(
    judgeRounds(
      apart.map((round) => ({ ...round, atMs: round.index * 600_000 })),
      settings,
      new Set(),
    ),
  ).toMatchObject({ level: 'act' });
});

test('a loop that was let go on is given half of the rounds', () => {
  const two = rounds(['a1', 'a1']);
  expect(judgeRounds(two, settings, new Set())).toBeUndefined();
  expect(judgeRounds(two, settings, new Set(['a 1']))).toMatchObject({ level: 'act' });
});
