import { expect, test } from 'vitest';
import { phases, scenarios } from '../../bench/scenarios.ts';
import { proxies } from '../../bench/targets.ts';

test('every scenario is run in one phase', () => {
  expect(phases.flatMap((phase) => phase.scenarios).toSorted()).toEqual(Object.keys(scenarios).toSorted());
});

test('every proxy is measured in some scenario', () => {
  const measured = new Set(Object.values(scenarios).flatMap(({ targets }) => targets));
  expect(Object.keys(proxies).filter((name) => !(measured as Set<string>).has(name))).toEqual([]);
});

test('what is compared with a number of routes runs with that many', () => {
  expect(phases.filter(({ routes }) => routes !== undefined).map(({ scenarios: [name], routes }) => `${name} ${routes}`)).toEqual([
    'routes-10 10',
    'routes-1000 1000',
    'routes-10000 10000',
  ]);
});
