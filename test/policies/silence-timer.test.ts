import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { SilenceTimer } from '../../src/policies/silence-timer.ts';

it('a silence timer that was stopped never tells, even if something is heard after that', async () => {
  const clock = new ManualClock();
  const told: number[] = [];
  const timer = new SilenceTimer(clock, 50, (limitMs) => told.push(limitMs));
  timer.waiting();
  timer.stop();
  timer.heard(100);
  expect(clock.pending).toBe(0);
  await clock.advance(1_000);
  expect(told).toEqual([]);
});

it('a silence timer tells once, when the waits since something was heard add up to the limit, and not before', async () => {
  const step = fc.record({ kind: fc.constantFrom('read', 'pause', 'hear'), ms: fc.integer({ min: 1, max: 80 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const limitMs = 100;
      const clock = new ManualClock();
      const told: number[] = [];
      const timer = new SilenceTimer(clock, limitMs, () => told.push(clock.now()));
      let silentMs = 0;
      let expected: number | undefined;
      for (const { kind, ms } of steps) {
        if (kind === 'read') {
          timer.waiting();
          if (expected === undefined && silentMs + ms >= limitMs) expected = clock.now() + limitMs - silentMs;
          await clock.advance(ms);
          timer.served();
          silentMs += ms;
        } else if (kind === 'pause') {
          await clock.advance(ms);
        } else {
          const heardMs = timer.heard(limitMs);
          if (expected === undefined) expect(heardMs).toBe(silentMs);
          silentMs = 0;
        }
      }
      expect(told).toEqual(expected === undefined ? [] : [expected]);
      expect(clock.pending).toBeLessThanOrEqual(1);
    }),
    { numRuns: 60 },
  );
});

it('a silence timer sets no timer of the clock while nobody reads, nor where it has no limit', async () => {
  const clock = new ManualClock();
  const timer = new SilenceTimer(clock, 50, () => {});
  timer.waiting();
  await clock.advance(10);
  timer.served();
  await clock.advance(50);
  expect(clock.pending).toBe(0);
  timer.heard(100);
  expect(clock.pending).toBe(0);

  const unlimited = new SilenceTimer(clock, undefined, () => {});
  unlimited.waiting();
  expect(clock.pending).toBe(0);
});

it('a silence timer does not mind being told that a read is over which never began', async () => {
  const clock = new ManualClock();
  const told: number[] = [];
  const timer = new SilenceTimer(clock, 50, () => told.push(clock.now()));
  timer.served();
  timer.waiting();
  await clock.advance(100);
  expect(told).toEqual([50]);
});
