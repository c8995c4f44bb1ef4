import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlidingCounts } from '../../../src/telemetry/health/sliding-counts.ts';

const windowMs = 6000;
const slotMs = 100;

test('a sum is that of what was counted in the slots of the window, over any time', () => {
  const step = fc.record({ waitMs: fc.integer({ min: 0, max: 2500 }), amount: fc.integer({ min: 0, max: 9 }), column: fc.nat(1) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const counts = new SlidingCounts(2, windowMs, 0);
      const all: { slot: number; amount: number; column: number }[] = [];
      let now = 0;
      for (const { waitMs, amount, column } of steps) {
        now += waitMs;
        counts.advance(now);
        counts.add(column, amount);
        const slot = Math.floor(now / slotMs);
        all.push({ slot, amount, column });
        for (const of of [0, 1]) {
          const kept = all.filter((one) => one.column === of && one.slot > slot - windowMs / slotMs);
          expect(counts.sum(of)).toBe(kept.reduce((sum, one) => sum + one.amount, 0));
        }
      }
    }),
  );
});
