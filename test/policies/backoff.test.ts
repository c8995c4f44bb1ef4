import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffSettings, createBackoff } from '../../src/policies/backoff/backoff.ts';

const half = () => 0.5;

const strategies = backoffSettings.shape.strategy.unwrap().options;

const settings = fc.record({
  strategy: fc.constantFrom(...strategies),
  base: fc.integer({ min: 0, max: 60_000 }),
  max: fc.integer({ min: 0, max: 600_000 }),
  multiplier: fc.double({ min: 1, max: 10, noNaN: true }),
});
const retry = fc.integer({ min: 1, max: 400 });
const helped = fc.double({ min: 0, max: 1, noNaN: true });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoff', () => {
  it('exponential multiplies the base from one retry to the next, up to the maximum', () => {
    const backoff = createBackoff(backoffSettings.parse({ jitter: 'none' }), half);

    expect([1, 2, 3, 4, 5, 6, 7, 8].map((retry) => backoff(retry))).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
  });

  it.each([
    ['fixed', [500, 500, 500, 500, 500, 500]],
    ['linear', [500, 1000, 1500, 2000, 2200, 2200]],
    ['fibonacci', [500, 500, 1000, 1500, 2200, 2200]],
  ] as const)('%s waits %j, up to the maximum', (strategy, waits) => {
    const backoff = createBackoff(backoffSettings.parse({ strategy, max: '2200ms', jitter: 'none' }), half);

    expect([1, 2, 3, 4, 5, 6].map((retry) => backoff(retry))).toEqual(waits);
  });

  it('fibonacci waits as long as the two waits before together', () => {
    const backoff = createBackoff(backoffSettings.parse({ strategy: 'fibonacci', base: '1ms', max: '10h', jitter: 'none' }), half);

    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((retry) => backoff(retry))).toEqual([1, 1, 2, 3, 5, 8, 13, 21, 34, 55]);
  });

  it('adaptive waits as exponential does where half of the retries helped, or nobody knows', () => {
    const adaptive = createBackoff(backoffSettings.parse({ strategy: 'adaptive', jitter: 'none' }), half);
    const exponential = createBackoff(backoffSettings.parse({ jitter: 'none' }), half);
    const retries = [1, 2, 3, 4, 5, 6, 7, 8];

    expect(retries.map((retry) => adaptive(retry))).toEqual(retries.map((retry) => exponential(retry)));
    expect(retries.map((retry) => adaptive(retry, 0.5))).toEqual(retries.map((retry) => exponential(retry)));
  });

  it('adaptive waits four times as long where retries never help, a quarter where they always do, within base and maximum', () => {
    const backoff = createBackoff(backoffSettings.parse({ strategy: 'adaptive', jitter: 'none' }), half);
    const waits = (helpedShare: number) => [1, 2, 3, 4, 5, 6, 7].map((retry) => backoff(retry, helpedShare));

    expect(waits(0)).toEqual([2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000]);
    expect(waits(1)).toEqual([500, 500, 500, 1000, 2000, 4000, 5000]);
  });

  it('adaptive never waits less than the base nor shorter for retries that help less', () => {
    fc.assert(
      fc.property(settings, retry, helped, helped, (facts, n, one, other) => {
        const backoff = createBackoff({ ...facts, strategy: 'adaptive', jitter: 'none' }, half);
        expect(backoff(n, one)).toBeGreaterThanOrEqual(Math.min(facts.base, facts.max));
        expect(backoff(n, Math.min(one, other))).toBeGreaterThanOrEqual(backoff(n, Math.max(one, other)));
      }),
    );
  });

  it.each(strategies)('with %s a base of nothing waits for nothing, however often it is multiplied', (strategy) => {
    const backoff = createBackoff(backoffSettings.parse({ strategy, base: '0ms', multiplier: 10, jitter: 'none' }), half);

    expect([1, 9, 400].map((retry) => backoff(retry))).toEqual([0, 0, 0]);
  });

  it('no wait is negative, infinite or above the maximum, whatever the jitter', () => {
    fc.assert(
      fc.property(settings, fc.constantFrom('none', 'equal', 'full'), retry, chance, helped, (facts, jitter, n, random, helpedShare) => {
        const waitMs = createBackoff({ ...facts, jitter }, () => random)(n, helpedShare);
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
