import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram } from '../../src/telemetry/histogram.ts';
import { histograms } from '../../src/telemetry/names.ts';

test('a histogram puts every value into the first bucket that holds it, bounds included', () => {
  const bounds = [0.005, 0.01, 1, 60];
  const value = fc.oneof(fc.constantFrom(...bounds.map((bound) => bound * 1000)), fc.double({ min: 0, max: 100_000, noNaN: true }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 50 }), (values) => {
      const histogram = new Histogram({}, bounds);
      for (const ms of values) histogram.observeMs(ms);
      const expected = [...bounds, Number.POSITIVE_INFINITY].map(
        (bound, index) => values.filter((ms) => ms / 1000 <= bound && ms / 1000 > (bounds[index - 1] ?? -1)).length,
      );
      const { count, sum, buckets } = histogram.read();
      expect(buckets).toEqual({ boundaries: bounds, counts: expected });
      expect(count).toBe(values.length);
      expect(sum).toBeCloseTo(
        values.reduce((total, ms) => total + ms / 1000, 0),
        6,
      );
    }),
  );
});

test('a histogram takes a time below 0, or none at all, for 0', () => {
  const histogram = new Histogram({}, [1]);
  histogram.observeMs(-5);
  histogram.observeMs(Number.NaN);
  expect(histogram.read()).toEqual({ count: 2, sum: 0, buckets: { boundaries: [1], counts: [2, 0] } });
});

test('what was read from a histogram does not change afterwards', () => {
  const histogram = new Histogram({}, [1]);
  const before = histogram.read();
  histogram.observeMs(10);
  expect(before).toEqual({ count: 0, sum: 0, buckets: { boundaries: [1], counts: [0, 0] } });
});

test.each(Object.values(histograms))('the bounds of $name rise', ({ bounds }) => {
  expect(bounds.length).toBeGreaterThan(5);
  expect([...bounds].sort((a, b) => a - b)).toEqual(bounds);
  expect(new Set(bounds).size).toBe(bounds.length);
});
