import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sleep, systemClock } from '../../src/core/clock.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';

test('a sleep ends with true when its time has passed, and not before', async () => {
  const clock = new ManualClock();
  const results: boolean[] = [];
  void sleep(clock, 100, new AbortController().signal).then((slept) => results.push(slept));
  await clock.advance(99);
  expect(results).toEqual([]);
  await clock.advance(1);
  expect(results).toEqual([true]);
});

test('a sleep ends with false as soon as the signal aborts, and leaves no timer', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const slept = sleep(clock, 100, controller.signal);
  controller.abort();
  expect(await slept).toBe(false);
  expect(clock.pending).toBe(0);
});

test('a sleep under an aborted signal does not begin', async () => {
  const clock = new ManualClock();
  expect(await sleep(clock, 100, AbortSignal.abort())).toBe(false);
  expect(clock.pending).toBe(0);
});

test('a sleep that is over no longer listens to the signal', async () => {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  const slept = sleep(clock, 10, signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await clock.advance(10);
  await slept;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('a manual clock fires timers in the order of their times, then of their making', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 20 }), fc.array(fc.nat(10), { maxLength: 10 }), async (delays, steps) => {
      const clock = new ManualClock();
      const fired: { delay: number; index: number; now: number }[] = [];
      delays.forEach((delay, index) => {
        clock.timer(delay, () => fired.push({ delay, index, now: clock.now() }));
      });
      for (const step of steps) await clock.advance(step);
      const passed = steps.reduce((sum, step) => sum + step, 0);
      const expected = delays
        .map((delay, index) => ({ delay, index, now: delay }))
        .filter(({ delay }) => delay <= passed && steps.length > 0)
        .sort((a, b) => a.delay - b.delay || a.index - b.index);
      expect(fired).toEqual(expected);
      expect(clock.pending).toBe(delays.length - expected.length);
    }),
    { numRuns: 30 },
  );
});

test('a cancelled timer does not fire, and cancelling again or afterwards does nothing', async () => {
  const clock = new ManualClock();
  let fired = 0;
  const fire = () => {
    fired += 1;
  };
  const cancelled = clock.timer(10, fire);
  const kept = clock.timer(10, fire);
  cancelled.cancel();
  cancelled.cancel();
  await clock.advance(10);
  kept.cancel();
  expect(fired).toBe(1);
});

test('the wall clock can jump without moving durations', async () => {
  const clock = new ManualClock(1000);
  clock.jumpWall(-500);
  expect([clock.now(), clock.wall()]).toEqual([0, 500]);
  await clock.advance(10);
  expect([clock.now(), clock.wall()]).toEqual([10, 510]);
});

test('the system clock does not take a delay that setTimeout cannot hold for none', async () => {
  const overflow = 2 ** 31;
  let fired = false;
  const timer = systemClock.timer(overflow, () => {
    fired = true;
  });
  await new Promise((resolve) => systemClock.timer(5, () => resolve(undefined)));
  timer.cancel();
  expect(fired).toBe(false);
});

test('the system clock goes on and shows the time of day', () => {
  const before = systemClock.now();
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  expect(Math.abs(systemClock.wall() - Date.now())).toBeLessThan(1000);
});
