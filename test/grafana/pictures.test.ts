import { Resvg } from '@resvg/resvg-js';
import { describe, expect, test } from 'vitest';
import { drawDashboard } from '../../grafana/render/draw-dashboard.ts';
import { formatValue } from '../../grafana/render/format-value.ts';
import { indexedPng } from '../../grafana/render/indexed-png.ts';
import { dashboards } from '../../grafana/src/dashboards.ts';
import type { Series } from '../../grafana/verify/prometheus.ts';

const range = { start: 100, end: 110, step: 1 };
const prometheus = (answer: Series[]) => ({ range: async () => answer });
const course = (values: string[]): Series => ({
  metric: { upstream: '<a&b>', le: '0.5' },
  values: values.map((value, index) => [range.start + index, value]),
});

describe.each(Object.entries(dashboards))('the picture of %s', (_, create) => {
  test.each([
    ['numbers', [course(['0', '1', '2', '1.5'])]],
    ['negative numbers', [course(['-20', '-10'])]],
    ['no numbers', [course(['NaN', 'NaN'])]],
    ['no series', []],
  ])('shows all panels with %s', async (_what, answer) => {
    const dashboard = create();
    const svg = await drawDashboard(dashboard, prometheus(answer), range);
    // Panels, rows, and the page itself.
    expect(svg.split('<svg').length - 1).toBeGreaterThan(dashboard.panels?.length ?? 0);
    expect(svg).not.toMatch(/NaN|undefined/);
    expect(svg).not.toContain('<a&b>');
    const { width, height, pixels } = new Resvg(svg).render();
    expect([width, height * width * 4]).toEqual([1206, pixels.byteLength]);
  });
});

test('a picture keeps its colours, but for the lowest bits', () => {
  const pixels = new Uint8Array([255, 0, 0, 255, 0, 255, 0, 255, 17, 18, 23, 255, 255, 0, 0, 255]);
  const png = indexedPng(2, 2, pixels);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"><image width="2" height="2" href="data:image/png;base64,${png.toString('base64')}"/></svg>`;
  expect([...new Resvg(svg).render().pixels]).toEqual([255, 0, 0, 255, 0, 255, 0, 255, 16, 16, 16, 255, 255, 0, 0, 255]);
});

test.each([
  [0.0000475, 's', '47.5 µs'],
  [0.25, 's', '250 ms'],
  [90, 's', '90 s'],
  [600, 's', '10 min'],
  [0.995, 'percentunit', '99.5 %'],
  [2048, 'Bps', '2 KiB/s'],
  [1234567, 'locale', '1,234,567'],
  [33_500, 'short', '33.5 K'],
  [0.0341, 'currencyUSD', '$0.034'],
  [20.344, 'currencyUSD', '$20.34'],
  [3.5, 'ops', '3.5/s'],
  [Number.NaN, 's', '–'],
])('%d %s is written as %s', (value, unit, written) => {
  expect(formatValue(value, unit)).toBe(written);
});
