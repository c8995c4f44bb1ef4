import { expect, test } from 'vitest';
import { median, percentile, slope } from '../../bench/statistics.ts';

test('a percentile is the smallest value that the share of values does not exceed', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(percentile(values, 0.5)).toBe(100);
  expect(percentile(values, 0.99)).toBe(198);
  expect(percentile(values, 1)).toBe(200);
  expect(percentile(values, 0)).toBe(1);
});

test('percentiles order by number, not by text', () => {
  expect(percentile([9, 100, 20], 0.5)).toBe(20);
});

test('a median lies between the two middle values of an even number', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7, 1, 3])).toBe(3);
});

test('nothing has no percentile and no median', () => {
  expect(percentile([], 0.99)).toBeNaN();
  expect(median([])).toBeNaN();
});

test('the input stays as it was', () => {
  const values = [3, 1, 2];
  percentile(values, 0.5);
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

test('a slope is that of the line that lies closest to the points', () => {
  expect(slope([1, 2, 3, 4].map((x) => ({ x, y: 10 - 3 * x })))).toBe(-3);
  // A bump in the middle tilts nothing.
  expect(slope([0, 5, 0].map((y, x) => ({ x, y })))).toBe(0);
  expect(slope([1, 2, 2, 5].map((y, x) => ({ x, y })))).toBeCloseTo(1.2);
});

test('one point has no slope', () => {
  expect(slope([{ x: 1, y: 1 }])).toBeNaN();
});
