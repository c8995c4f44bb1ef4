import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '../../src/policies/bulkhead-limit.ts';

/** A sign of a call that was sent and answered at the moment. */
const at = (nowMs: number, inUse: number, startedAt = nowMs) => ({ nowMs, inUse, startedAt });

/** Many good answers that were equally quick, while `inUse` calls were under way. */
function answers(limit: AdaptiveLimit, times: number, firstByteMs: number | undefined, inUse: number, fromMs = 0) {
  for (let i = 0; i < times; i += 1) limit.answered(firstByteMs, at(fromMs + i, inUse));
}

describe('an adaptive limit', () => {
  it('begins at its ceiling and never grows above it', () => {
    const limit = new AdaptiveLimit(8);
    answers(limit, 100, 50, 8);
    expect(limit.limit).toBe(8);
    expect(limit.inspect()).toEqual({ ceiling: 8, recentFirstByteMs: 50, usualFirstByteMs: 50 });
  });

  it('is cut by a share at overload, once for all calls that were under way', () => {
    const limit = new AdaptiveLimit(10);
    limit.overloaded(at(1000, 10, 400));
    expect(limit.limit).toBe(7);
    limit.overloaded(at(1100, 10, 999));
    expect(limit.limit).toBe(7);
    limit.overloaded(at(1200, 7, 1000));
    expect(limit.limit).toBe(4);
  });

  it('is cut from what is in use, not from what was never tried', () => {
    const limit = new AdaptiveLimit(1000);
    limit.overloaded(at(0, 10));
    expect(limit.limit).toBe(14);
  });

  it('never falls below one', () => {
    const limit = new AdaptiveLimit(2);
    for (let i = 0; i < 50; i += 1) limit.overloaded(at(i, 1));
    expect(limit.limit).toBe(1);
  });

  it('grows by one for a round of good answers', () => {
    const limit = new AdaptiveLimit(100);
    limit.overloaded(at(0, 7));
    expect(limit.limit).toBe(9);
    answers(limit, 10, undefined, 9, 1);
    expect(limit.limit).toBe(10);
    answers(limit, 10, undefined, 9, 20);
    expect(limit.limit).toBe(11);
  });

  it('grows while just half of it is in use', () => {
    const limit = new AdaptiveLimit(10);
    limit.ceiling = 20;
    answers(limit, 100, undefined, 5);
    expect(limit.limit).toBeGreaterThan(10);
  });

  it('does not grow while less than half of it is in use', () => {
    const limit = new AdaptiveLimit(100);
    limit.overloaded(at(0, 8));
    expect(limit.limit).toBe(11);
    answers(limit, 100, undefined, 5, 1);
    expect(limit.limit).toBe(11);
    answers(limit, 100, undefined, 6, 200);
    expect(limit.limit).toBeGreaterThan(11);
  });

  it('shrinks when the first bytes take more than twice as long as usual, and grows again when they do not', () => {
    const limit = new AdaptiveLimit(40);
    answers(limit, 100, 200, 40);
    answers(limit, 20, 390, 40, 100);
    expect(limit.limit).toBe(40);
    answers(limit, 30, 900, 40, 200);
    expect(limit.limit).toBeLessThan(20);
    answers(limit, 600, 200, 40, 300);
    expect(limit.limit).toBeGreaterThan(30);
  });

  it('does not mind a single long answer, however long', () => {
    const limit = new AdaptiveLimit(40);
    answers(limit, 100, 200, 40);
    limit.answered(200_000, at(100, 40));
    answers(limit, 100, 200, 40, 101);
    expect(limit.limit).toBe(40);
  });

  it('judges nothing by its first few answers', () => {
    const limit = new AdaptiveLimit(40);
    answers(limit, 9, 10, 40);
    answers(limit, 10, 10_000, 40, 9);
    expect(limit.limit).toBe(40);
    answers(limit, 1, 10_000, 40, 19);
    expect(limit.limit).toBe(36);
  });

  it('takes what stays slow for usual in the end, and knows soon when it is quick again', () => {
    const limit = new AdaptiveLimit(40);
    answers(limit, 200, 100, 40);
    answers(limit, 3000, 800, 40, 1000);
    expect(limit.inspect().usualFirstByteMs).toBeGreaterThan(700);
    expect(limit.limit).toBe(40);
    answers(limit, 200, 100, 40, 5000);
    expect(limit.inspect().usualFirstByteMs).toBeLessThan(250);
    expect(limit.inspect().usualFirstByteMs).toBeGreaterThanOrEqual(100);
    expect(limit.limit).toBe(40);
  });

  it('has a ceiling that can be lowered at once and raised to be grown to', () => {
    const limit = new AdaptiveLimit(40);
    limit.ceiling = 10;
    expect(limit.limit).toBe(10);
    limit.ceiling = 20;
    expect(limit.limit).toBe(10);
    answers(limit, 500, undefined, 20);
    expect(limit.limit).toBe(20);
  });

  it('lies between one and its ceiling and grows by less than one at a time, whatever happens', () => {
    const sign = fc.record({
      kind: fc.constantFrom('overloaded', 'answered', 'answered', 'unknown', 'ceiling'),
      firstByteMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
      inUse: fc.integer({ min: 1, max: 500 }),
      ago: fc.nat(5000),
      step: fc.nat(1000),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.array(sign, { maxLength: 200 }), (ceiling, signs) => {
        const limit = new AdaptiveLimit(ceiling);
        let nowMs = 0;
        for (const { kind, firstByteMs, inUse, ago, step } of signs) {
          nowMs += step;
          const before = limit.limit;
          const about = { nowMs, inUse, startedAt: nowMs - ago };
          if (kind === 'overloaded') limit.overloaded(about);
          else if (kind === 'ceiling') limit.ceiling = inUse;
          else limit.answered(kind === 'answered' ? firstByteMs : undefined, about);
          expect(Number.isInteger(limit.limit)).toBe(true);
          expect(limit.limit).toBeGreaterThanOrEqual(1);
          expect(limit.limit).toBeLessThanOrEqual(limit.ceiling);
          expect(limit.limit).toBeLessThanOrEqual(before + 1);
          if (kind === 'overloaded') expect(limit.limit).toBeLessThanOrEqual(before);
        }
      }),
    );
  });

  it('finds what an upstream can bear, from any ceiling, and stays about there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 60 }), fc.integer({ min: 60, max: 300 }), (capacity, ceiling) => {
        const limit = new AdaptiveLimit(ceiling);
        const seen: number[] = [];
        for (let round = 0; round < 300; round += 1) {
          // As many calls at a time as it lets pass; those above the capacity are told off.
          const { limit: inUse } = limit;
          for (let call = 0; call < inUse; call += 1) {
            const sign = { startedAt: round * 100, nowMs: round * 100 + 99, inUse };
            if (call < capacity) limit.answered(undefined, sign);
            else limit.overloaded(sign);
          }
          if (round >= 100) seen.push(limit.limit);
        }
        expect(Math.max(...seen)).toBeLessThanOrEqual(capacity + 2);
        expect(Math.min(...seen)).toBeGreaterThanOrEqual(Math.floor(capacity / 2));
      }),
      { numRuns: 50 },
    );
  });
});
