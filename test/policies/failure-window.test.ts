import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FailureWindow, type TripRule } from '../../src/policies/failure-window.ts';

const never = 1_000_000;
const rule = (overrides: Partial<TripRule>): TripRule => ({ failures: never, ratio: 1, minimum: never, window: 10_000, ...overrides });

test('a run of failures meets the rule at its last one, however long ago the first was', () => {
  const window = new FailureWindow();
  const three = rule({ failures: 3 });
  expect(window.record(true, 0, three)).toBeUndefined();
  expect(window.record(true, 100_000, three)).toBeUndefined();
  expect(window.record(true, 900_000, three)).toBe('3 failures in a row');
});

test.each([
  ['none', 0, 5],
  ['one in twenty', 5, 5],
  ['one in ten', 10, 7],
  ['three in ten', 30, 13],
  ['nearly half', 49, 21],
])('where %s fails anyway, an outage takes a longer run of failures', (_, failing, needed) => {
  const window = new FailureWindow();
  const five = rule({ failures: 5, minimum: 20 });
  for (let i = 0; i < 100; i += 1) expect(window.record((i * failing) % 100 >= 100 - failing, 0, five)).toBeUndefined();
  window.record(false, 0, five);
  for (let run = 1; run < needed; run += 1) expect(window.record(true, 0, five)).toBeUndefined();
  expect(window.record(true, 0, five)).toBe(`${needed} failures in a row`);
});

test('too few calls before a run say nothing of what fails anyway', () => {
  const window = new FailureWindow();
  const three = rule({ failures: 3, minimum: 20 });
  for (let i = 0; i < 18; i += 1) window.record(i % 2 === 0, 0, three);
  window.record(false, 0, three);
  expect([1, 2, 3].map(() => window.record(true, 0, three))).toEqual([undefined, undefined, '3 failures in a row']);
});

test('a run that began before the window is all of it', () => {
  const window = new FailureWindow();
  const three = rule({ failures: 3, minimum: 1 });
  window.record(true, 0, three);
  window.record(true, 0, three);
  expect(window.record(true, 100_000, three)).toBe('3 failures in a row');
});

test('a success ends a run of failures', () => {
  const window = new FailureWindow();
  const two = rule({ failures: 2 });
  for (let i = 0; i < 5; i += 1) {
    expect(window.record(true, 0, two)).toBeUndefined();
    expect(window.record(false, 0, two)).toBeUndefined();
  }
});

test('a share of failures meets the rule only with enough calls', () => {
  const window = new FailureWindow();
  const half = rule({ ratio: 0.5, minimum: 4 });
  expect(window.record(true, 0, half)).toBeUndefined();
  expect(window.record(true, 0, half)).toBeUndefined();
  expect(window.record(false, 0, half)).toBeUndefined();
  expect(window.record(true, 0, half)).toBe('3 of 4 calls failed');
});

test('a share below the ratio does not meet the rule', () => {
  const window = new FailureWindow();
  const half = rule({ ratio: 0.5, minimum: 4 });
  const tripped = [true, false, false, true, false, true, false].map((failed) => window.record(failed, 0, half));
  expect(tripped).toEqual([undefined, undefined, undefined, '2 of 4 calls failed', undefined, '3 of 6 calls failed', undefined]);
});

test('a ratio of 0 % still takes a failure', () => {
  const window = new FailureWindow();
  const zero = rule({ ratio: 0, minimum: 1 });
  expect(window.record(false, 0, zero)).toBeUndefined();
  expect(window.record(true, 0, zero)).toBe('1 of 2 calls failed');
});

test('calls that are older than the window are forgotten', () => {
  const window = new FailureWindow();
  const half = rule({ ratio: 0.5, minimum: 3 });
  window.record(true, 0, half);
  window.record(true, 500, half);
  expect(window.counts(9_999)).toMatchObject({ calls: 2, failures: 2 });
  expect(window.record(true, 10_500, half)).toBeUndefined();
  expect(window.counts(10_500)).toMatchObject({ calls: 1, failures: 1 });
});

test('another window by a reload starts its counts anew and keeps the run', () => {
  const window = new FailureWindow();
  window.record(true, 0, rule({ window: 10_000 }));
  window.record(true, 0, rule({ window: 20_000 }));
  expect(window.counts(0)).toEqual({ calls: 1, failures: 1, run: 2 });
});

test('a window that was reset remembers nothing but the run it is given', () => {
  const window = new FailureWindow();
  window.record(true, 0, rule({}));
  window.reset(4);
  expect(window.counts(0)).toEqual({ calls: 0, failures: 0, run: 4 });
  expect(window.record(true, 0, rule({ failures: 5 }))).toBe('5 failures in a row');
});

test('the counts are those of the calls in the last ten buckets of time', () => {
  const steps = fc.array(fc.record({ waitMs: fc.nat(4000), failed: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (calls) => {
      const window = new FailureWindow();
      const seen: { bucket: number; failed: boolean }[] = [];
      let now = 0;
      for (const { waitMs, failed } of calls) {
        now += waitMs;
        window.record(failed, now, rule({}));
        const bucket = Math.floor(now / 1000);
        seen.push({ bucket, failed });
        const recent = seen.filter((call) => call.bucket > bucket - 10);
        const { calls: counted, failures } = window.counts(now);
        expect({ counted, failures }).toEqual({ counted: recent.length, failures: recent.filter((call) => call.failed).length });
      }
    }),
  );
});

test('what is asked for forgets as calls do, though none has come since', () => {
  const window = new FailureWindow();
  window.record(true, 0, rule({}));
  window.record(true, 1500, rule({}));
  expect(window.counts(10_000)).toEqual({ calls: 1, failures: 1, run: 2 });
  expect(window.counts(11_000)).toEqual({ calls: 0, failures: 0, run: 2 });
});

test('a silence of any length forgets all at once', () => {
  const window = new FailureWindow();
  window.record(true, 0, rule({}));
  window.record(true, Number.MAX_SAFE_INTEGER, rule({}));
  expect(window.counts(Number.MAX_SAFE_INTEGER)).toEqual({ calls: 1, failures: 1, run: 2 });
});

test('what was counted before a reset is not taken off what is counted after it', () => {
  const window = new FailureWindow();
  for (let i = 0; i < 3; i += 1) window.record(true, 0, rule({}));
  window.reset();
  window.record(true, 5000, rule({}));
  expect(window.counts(10_000)).toEqual({ calls: 1, failures: 1, run: 1 });
});
