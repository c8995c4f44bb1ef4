import { describe, expect, test } from 'vitest';
import { committedExpressions, type Expression, labelValuesOf, recordedNames } from '../../grafana/verify/expressions.ts';
import { filledIn } from '../../grafana/verify/filled-in.ts';
import { nameProblems } from '../../grafana/verify/metric-names.ts';
import { comparedParts, selectedMetrics } from '../../grafana/verify/promql-tree.ts';
import { createProcessMetrics } from '../../src/telemetry/process-metrics.ts';

const own = [
  { name: 'outrigger_one_total', type: 'counter' },
  { name: 'outrigger_two_seconds', type: 'histogram' },
] as const;
const panel = (text: string): Expression => ({ where: 'a panel', text, kind: 'panel' });
const fine = [panel('rate(outrigger_one_total[$__rate_interval])'), panel('rate(outrigger_two_seconds_bucket[5m])')];

test('every metric on a dashboard or in a rule exists, and every one of ours stands somewhere', async () => {
  const text = await createProcessMetrics().text();
  const ofProcess = [...text.matchAll(/^# TYPE (\S+) (\S+)/gm)].flatMap(([, name]) => [name ?? '', `${name}_sum`]);
  const expressions = committedExpressions();
  expect(expressions.length).toBeGreaterThan(200);
  expect(nameProblems(expressions, new Set([...recordedNames(), ...ofProcess]))).toEqual([]);
});

describe('the check of names', () => {
  test('has nothing to say where all is well', () => {
    expect(nameProblems(fine, new Set(), own)).toEqual([]);
  });

  test.each([
    ['a metric that does not exist', panel('outrigger_won_total'), 'a panel: there is no metric outrigger_won_total'],
    ['a histogram by the name of its family', panel('outrigger_two_seconds'), 'a panel: there is no metric outrigger_two_seconds'],
    ['an expression that cannot be parsed', panel('sum(rate(outrigger_one_total[5m])'), expect.stringContaining('cannot be parsed')],
    ['a variable that is not defined', panel('outrigger_one_total{a="$b"}'), expect.stringContaining('the variable $b is not known')],
    ['a selector without a name', panel('sum({job="x"})'), expect.stringContaining('without the name of a metric')],
  ])('finds %s', (_, expression, problem) => {
    expect(nameProblems([...fine, expression], new Set(), own)).toEqual([problem]);
  });

  test('finds a metric of ours that is shown nowhere, also where a choice is made from it', () => {
    const choice: Expression = { where: 'a variable', text: 'label_values(outrigger_one_total, upstream)', kind: 'variable' };
    expect(nameProblems([...fine.slice(1), choice], new Set(), own)).toEqual(['outrigger_one_total stands on no panel and in no rule']);
  });
});

test('what an expression compares is taken apart, and what it computes is not', () => {
  expect(comparedParts('a / b')).toEqual(['a / b']);
  expect(comparedParts('a == 2')).toEqual(['a']);
  expect(comparedParts('a > bool 2')).toEqual(['a > bool 2']);
  expect(comparedParts('(rate(a[5m]) > 3 * b) and on (x) (c unless d)')).toEqual(['rate(a[5m])', '3 * b', 'c', 'd']);
  expect(comparedParts('sum(a > 2)')).toEqual(['sum(a > 2)']);
});

test('metrics are found wherever they stand in an expression', () => {
  expect(selectedMetrics('sum by (x) (rate(a{b="c"}[5m])) / on (x) (d offset 5m > 0) or absent(e)')).toEqual(['a', 'd', 'e']);
});

test('variables are filled in, in each of their notations', () => {
  const fillings = { rateInterval: 15, range: 60, interval: 1 };
  expect(filledIn('rate(a{u=~"$upstream", m=~"${model:regex}"}[$__rate_interval]) + $__range', fillings)).toBe(
    'rate(a{u=~".*", m=~".*"}[15s]) + 60s',
  );
});

test('a choice is made from the values of a label', () => {
  expect(labelValuesOf('label_values(a{b="c"}, d)')).toEqual({ selector: 'a{b="c"}', label: 'd' });
  expect(() => labelValuesOf('metrics(a)')).toThrow('not a question');
});

test('a folder without dashboards or rules is an error, as nothing would be checked', () => {
  expect(() => committedExpressions(import.meta.dirname)).toThrow('no dashboards or no rules');
});
