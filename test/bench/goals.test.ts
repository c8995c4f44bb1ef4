import { expect, test } from 'vitest';
import { goalsTable } from '../../bench/goals.ts';
import { grids } from '../../bench/grids.ts';
import type { ScenarioName, Values } from '../../bench/measurement.ts';

function results(measured: Partial<Record<ScenarioName, Record<string, Values>>>) {
  const scenarios = Object.entries(measured) as [ScenarioName, Record<string, Values>][];
  return new Map(
    scenarios.map(([scenario, targets]) => [scenario, new Map(Object.entries(targets).map(([name, values]) => [name, [values]]))]),
  );
}

/** Goal, measured and judgement of the row that begins so. */
function row(table: string | undefined, figure: string): string[] | undefined {
  const line = table?.split('\n').find((each) => each.startsWith(`| ${figure}`));
  return line
    ?.split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());
}

test('a goal is met up to its limit and missed above it', () => {
  const saturation = (cpuUs: number) => results({ saturation: { passthrough: { cpuUs: 40 }, outrigger: { cpuUs } } });
  const figure = 'default policies: CPU per request at saturation, of the floor';
  expect(row(goalsTable(saturation(60)), figure)).toEqual(['≤ 1.5 x', '1.50 x', 'met']);
  expect(row(goalsTable(saturation(60.5)), figure)).toEqual(['≤ 1.5 x', '1.51 x', '**missed**']);
});

test('being that much better than another is missed below the limit', () => {
  const beside = (cpuUs: number) => results({ saturation: { portkey: { cpuUs }, 'outrigger-everything': { cpuUs: 50 } } });
  const figure = "everything on: CPU per request at saturation, Portkey's of ours";
  expect(row(goalsTable(beside(600)), figure)).toEqual(['≥ 11 x', '12.0 x', 'met']);
  expect(row(goalsTable(beside(500)), figure)).toEqual(['≥ 11 x', '10.0 x', '**missed**']);
});

test('what a proxy adds is judged by what the floor adds', () => {
  const table = goalsTable(
    results({ 'rate-200': { direct: { p50Us: 100, p99Us: 500 }, passthrough: { p50Us: 300 }, outrigger: { p50Us: 320, p99Us: 2100 } } }),
  );
  expect(row(table, 'default policies: added p50 at 200')).toEqual(['≤ 1.15 x', '1.10 x', 'met']);
  expect(row(table, 'default policies: added p99 at 200')).toEqual(['≤ 1.5 ms', '1.60 ms', '**missed**']);
});

test('one lost event is one too many', () => {
  const lost = (lostEvents: number) => goalsTable(results({ 'many-streams': { outrigger: { lostEvents } } }));
  expect(row(lost(0), 'default policies: events lost')).toEqual(['≤ 0 events', '0 events', 'met']);
  expect(row(lost(1), 'default policies: events lost')).toEqual(['≤ 0 events', '1 events', '**missed**']);
});

test('what was not measured is not judged', () => {
  expect(goalsTable(results({ saturation: { outrigger: { cpuUs: 60 } } }))).toBeUndefined();
});

test('bodies and numbers have a line each, and the floor no ratio of its own', () => {
  const [bodies, growth] = grids(
    results({
      'body-2': { passthrough: { cpuUs: 50 }, outrigger: { cpuUs: 75 } },
      'agents-10': { outrigger: { cpuUs: 60 } },
      'agents-10000': { outrigger: { cpuUs: 66 } },
    }),
    'passthrough',
  );
  expect(row(bodies, 'body ')).toEqual(['passthrough µs', 'outrigger µs', 'x floor']);
  expect(row(bodies, '2 kB')).toEqual(['50', '75', '1.50']);
  expect(row(growth, '10 ')).toEqual(['60.0']);
  expect(row(growth, '10,000')).toEqual(['66.0']);
});

test('there are no lines of what was not run', () => {
  expect(grids(results({ saturation: { passthrough: { cpuUs: 50 } } }), 'passthrough')).toEqual([]);
});
