import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ScenarioName, Values } from '../../bench/measurement.ts';
import { markdownTable, replaceSection, report } from '../../bench/report.ts';

function results(scenario: ScenarioName, targets: Record<string, Values[]>) {
  return new Map([[scenario, new Map(Object.entries(targets))]]);
}

/** The cells of one row of a report. */
function row(text: string, target: string): string[] {
  const line = text.split('\n').find((each) => each.startsWith(`| ${target} `)) ?? '';
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

test('columns are as wide as their widest cell, numbers to the right', () => {
  expect(
    markdownTable(
      ['target', 'µs'],
      [
        ['a', '1,000'],
        ['longer name', '5'],
      ],
    ),
  ).toBe(['| target      |    µs |', '| ----------- | ----: |', '| a           | 1,000 |', '| longer name |     5 |'].join('\n'));
});

test('a cell is the median of the rounds, a ratio that of the medians', () => {
  const text = report(
    results('saturation', {
      direct: [{ perSecond: 50_000 }],
      floor: [
        { cpuUs: 50, perSecond: 20_000 },
        { cpuUs: 40, perSecond: 25_000 },
        { cpuUs: 90, perSecond: 9_000 },
      ],
      outrigger: [{ cpuUs: 60, perSecond: 16_000, peakKilobytes: 150 * 1024 }],
    }),
    'direct',
    'floor',
  );
  expect(row(text, 'floor')).toEqual(['floor', '50.0', '1.00', '20,000', '–']);
  expect(row(text, 'outrigger')).toEqual(['outrigger', '60.0', '1.20', '16,000', '150']);
});

test('what a target lacks is shown as a dash', () => {
  const text = report(results('saturation', { direct: [{ perSecond: 50_000 }], floor: [] }), 'direct', 'floor');
  expect(row(text, 'direct')).toEqual(['direct', '–', '–', '50,000', '–']);
  expect(row(text, 'floor')).toEqual(['floor', '–', '–', '–', '–']);
});

test('what a proxy adds is its percentile less that of asking directly', () => {
  const text = report(
    results('rate-200', { direct: [{ p50Us: 100, p99Us: 300 }], floor: [{ perSecond: 200, p50Us: 350, p99Us: 1300, cpuUs: 200 }] }),
    'direct',
    'floor',
  );
  expect(row(text, 'floor')).toEqual(['floor', '200', '350', '1,300', '250', '1,000', '200', '1.00']);
});

test('memory per stream is what 1,000 streams added, in kilobytes', () => {
  const text = report(results('memory', { floor: [{ idleKilobytes: 70 * 1024, openKilobytes: 120 * 1024 }] }), 'direct', 'floor');
  expect(row(text, 'floor')).toEqual(['floor', '70', '120', '51.2', '1.00']);
});

test('scenarios that were not run have no table', () => {
  const text = report(results('streams', { direct: [] }), 'direct', 'floor');
  expect(text.match(/^###/gm)).toHaveLength(1);
});

test('only what stands between the markers is replaced', () => {
  expect(replaceSection('a\n<!-- bench -->\nold\n<!-- /bench -->\nb', 'bench', 'new')).toBe('a\n<!-- bench -->\nnew\n<!-- /bench -->\nb');
});

test('a document without the markers is refused', () => {
  expect(() => replaceSection('a <!-- /bench --> <!-- bench -->', 'bench', 'new')).toThrow('no section');
  expect(() => replaceSection('a', 'bench', 'new')).toThrow('no section');
});

test('the page that a run writes has a place for its tables', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/performance.md'), 'utf8');
  expect(replaceSection(page, 'bench', 'new tables')).toContain('<!-- bench -->\nnew tables\n<!-- /bench -->');
});
