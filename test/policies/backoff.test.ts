import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffSettings, createBackoff } from '../../src/policies/backoff/backoff.ts';

const half = () => 0.5;

const settings = fc.record({
  strategy: fc.constant('exponential' as const),
  base: fc.integer({ min: 0, max: 60_000 }),
  max: fc.integer({ min: 0, max: 600_000 }),
  multiplier: fc.double({ min: 1, max: 10, noNaN: true }),
});
const retry = fc.integer({ min: 1, max: 400 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoff', () => {
  it('exponential multiplies the base from one retry to the next, up to the maximum', () => {
    const backoff = createBackoff(backoffSettings.parse({ jitter: 'none' }), half);

    expect([1, 2, 3, 4, 5, 6, 7, 8].map(backoff)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
  });

  it('a base of nothing waits for nothing, however often it is multiplied', () => {
    const backoff = createBackoff(backoffSettings.parse({ base: '0ms', multiplier: 10, jitter: 'none' }), half);

    expect([1, 9, 400].map(backoff)).toEqual([0, 0, 0]);
  });

  it('no wait is negative, infinite or above the maximum, whatever the jitter', () => {
    fc.assert(
      fc.property(settings, fc.constantFrom('none', 'equal', 'full'), retry, chance, (facts, jitter, n, random) => {
        const waitMs = createBackoff({ ...facts, jitter }, () => random)(n);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(facts.max);
      }),
    );
  });

  it('without jitter no wait is shorter than the one before', () => {
    fc.assert(
      fc.property(settings, retry, (facts, n) => {
        const backoff = createBackoff({ ...facts, jitter: 'none' }, half);
        expect(backoff(n + 1)).toBeGreaterThanOrEqual(backoff(n));
      }),
    );
  });

  it('equal jitter keeps at least half of the wait', () => {
    fc.assert(
      fc.property(settings, retry, chance, (facts, n, random) => {
        const whole = createBackoff({ ...facts, jitter: 'none' }, half)(n);
        const waitMs = createBackoff({ ...facts, jitter: 'equal' }, () => random)(n);
        expect(waitMs).toBeGreaterThanOrEqual(whole / 2);
        expect(waitMs).toBeLessThanOrEqual(whole);
      }),
    );
  });

  it('full jitter draws from nothing to the whole wait', () => {
    const drawn = (random: number) => createBackoff(backoffSettings.parse({ jitter: 'full' }), () => random)(3);

    expect([0, 0.25, 0.999].map(drawn)).toEqual([0, 500, 1998]);
  });
});
