import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { type LearningRule, RetryLearning } from '../../src/policies/retry-learning.ts';

const rule: LearningRule = { minimumSuccess: 0.3, window: 300_000 };

function learning() {
  const clock = new ManualClock();
  const learned = new RetryLearning(clock);
  const learn = (helped: boolean, times: number) => {
    for (let i = 0; i < times; i += 1) learned.learn('overloaded', helped, rule);
  };
  return { clock, learned, learn, allows: () => learned.allows('overloaded', rule) };
}

/** One that has stopped, its first probe being sent. */
function stopped() {
  const it = learning();
  it.learn(false, 10);
  it.learned.planned('overloaded', rule);
  return it;
}

test('nothing is held against a verdict whose retries nobody knows', () => {
  const { learned, allows } = learning();
  expect(allows()).toBe(true);
  expect(learned.helpedShare('overloaded')).toBe(0.5);
  expect(learned.inspect(rule)).toEqual({});
});

test('a few retries prove nothing, ten that did not help stop the verdict, and no other', () => {
  const { learned, learn, allows } = learning();
  learn(false, 9);
  learned.planned('overloaded', rule);
  expect(allows()).toBe(true);
  learn(false, 1);
  learned.planned('overloaded', rule);
  expect(allows()).toBe(false);
  expect(learned.allows('network', rule)).toBe(true);
  expect(learned.inspect(rule)).toEqual({ overloaded: { retries: 10, helped: 0, stopped: true } });
});

test('the first probe is sent at once, whatever was planned before the stop', () => {
  const { learned, learn, allows } = learning();
  learn(false, 9);
  learned.planned('overloaded', rule);
  learn(false, 1);
  expect(learned.inspect(rule)).toMatchObject({ overloaded: { stopped: true } });
  expect(allows()).toBe(true);
  learned.planned('overloaded', rule);
  expect(allows()).toBe(false);
});

test('a share of success that is just enough does not stop it', () => {
  const { learned, learn, allows } = learning();
  learn(true, 3);
  learn(false, 7);
  learned.planned('overloaded', rule);
  expect(allows()).toBe(true);
  learn(false, 1);
  learned.planned('overloaded', rule);
  expect(allows()).toBe(false);
});

test('while it is stopped one probe passes at a time, every twentieth of the window', async () => {
  const { clock, learned, allows } = stopped();
  const seen: number[] = [];
  for (let second = 0; second < 60; second += 1) {
    await clock.advance(1000);
    if (!allows()) continue;
    seen.push(clock.now());
    learned.planned('overloaded', rule);
    learned.learn('overloaded', false, rule);
  }
  expect(seen).toEqual([15_000, 30_000, 45_000, 60_000]);
});

test('three probes in a row that help end the stop at once, two and a failure do not', () => {
  const { learned, learn, allows } = stopped();
  learn(true, 2);
  learn(false, 1);
  learn(true, 2);
  expect(allows()).toBe(false);
  learn(true, 1);
  expect(allows()).toBe(true);
  expect(learned.inspect(rule)).toEqual({ overloaded: { retries: 1, helped: 1, stopped: false } });
});

test('what is older than the window is forgotten', async () => {
  const { clock, learned, allows } = stopped();
  await clock.advance(14_999);
  expect(allows()).toBe(false);
  await clock.advance(300_000);
  expect(learned.inspect(rule)).toEqual({ overloaded: { retries: 0, helped: 0, stopped: false } });
  expect(learned.helpedShare('overloaded')).toBe(0.5);
});

test('the share that helped is that of the window, leaning to one half', () => {
  const { learned, learn } = learning();
  learn(true, 1);
  expect(learned.helpedShare('overloaded')).toBeCloseTo(2 / 3);
  learn(true, 97);
  expect(learned.helpedShare('overloaded')).toBeCloseTo(0.99);
  learn(false, 300);
  expect(learned.helpedShare('overloaded')).toBeCloseTo(99 / 400);
});

test('whatever is learned, shares lie between 0 and 1, and a stop always ends', async () => {
  const step = fc.record({ helped: fc.boolean(), afterMs: fc.nat(40_000), times: fc.integer({ min: 1, max: 12 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), async (steps, minimumSuccess) => {
      const own = { ...rule, minimumSuccess };
      const clock = new ManualClock();
      const learned = new RetryLearning(clock);
      for (const { helped, afterMs, times } of steps) {
        await clock.advance(afterMs);
        for (let i = 0; i < times; i += 1) learned.learn('network', helped, own);
        learned.planned('network', own);
        const share = learned.helpedShare('network');
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThan(1);
        // A stop is only ever between probes.
        const { stopped: isStopped, retries, helped: count } = learned.inspect(own)['network'] ?? { stopped: false, retries: 0, helped: 0 };
        expect(learned.allows('network', own)).toBe(!isStopped);
        expect(isStopped).toBe(retries >= 10 && count < minimumSuccess * retries);
      }
      await clock.advance(15_000);
      expect(learned.allows('network', own)).toBe(true);
    }),
  );
});
