import { describe, expect, test } from 'vitest';
import { answerProblem } from '../../grafana/verify/check-answers.ts';
import { motionless } from '../../grafana/verify/check-movement.ts';
import type { Expression } from '../../grafana/verify/expressions.ts';
import type { Series } from '../../grafana/verify/prometheus.ts';

const range = { start: 0, end: 60, step: 1 };
const series = (...values: string[]): Series => ({ metric: { upstream: 'a' }, values: values.map((value, time) => [time, value]) });

/** A Prometheus that knows these answers; anything else has none, and what is not PromQL is refused. */
function answering(answers: Record<string, Series[]>) {
  return {
    range: async (query: string) => {
      if (query.includes('((')) throw new Error('parse error');
      return answers[query] ?? [];
    },
    labelValues: async (selector: string) => (selector in answers ? ['one'] : []),
  };
}

const ask = (text: string, answers: Record<string, Series[]>, kind: Expression['kind'] = 'panel') =>
  answerProblem({ where: 'here', text, kind }, answering(answers), range);

describe('an expression of a panel', () => {
  test('is fine with a number in each of its series, 0 included', async () => {
    expect(await ask('a', { a: [series('NaN', '0'), series('3')] })).toBeUndefined();
  });

  test.each([
    ['has no answer', {}, 'here: no answer: a'],
    ['is not a number all the time', { a: [series('1'), series('NaN', 'NaN')] }, 'here: not a number: {"upstream":"a"}: a'],
    ['is infinite', { a: [series('1', '+Inf')] }, 'here: an infinite number: {"upstream":"a"}: a'],
    ['is infinitely small', { a: [series('1', '-Inf')] }, 'here: an infinite number: {"upstream":"a"}: a'],
  ])('is told if it %s', async (_, answers, problem) => {
    expect(await ask('a', answers)).toBe(problem);
  });

  test('is told if Prometheus refuses it, or if it has an unknown variable', async () => {
    expect(await ask('sum((a)', {})).toBe('here: parse error: sum((a)');
    expect(await ask('a{b="$c"}', {})).toContain('the variable $c is not known');
  });

  test('is asked with its variables filled in', async () => {
    expect(
      await ask('rate(a{b=~"$upstream"}[$__rate_interval]) + $__range', { 'rate(a{b=~".*"}[15s]) + 60s': [series('1')] }),
    ).toBeUndefined();
  });
});

describe('an alert', () => {
  test('may be silent where what it compares has an answer', async () => {
    expect(await ask('(a > 2) and (b < 3)', { a: [series('1')], b: [series('1')] }, 'alert')).toBeUndefined();
  });

  test('is told if one side of a comparison has no answer, or if it compares nothing', async () => {
    expect(await ask('(a > 2) and (b < 3)', { a: [series('1')] }, 'alert')).toBe('here: no answer: b');
    expect(await ask('1 > 2', {}, 'alert')).toContain('compares nothing');
  });

  test('is told if Prometheus refuses it as a whole', async () => {
    expect(await ask('((a > 2)', { a: [series('1')] }, 'alert')).toContain('parse error');
  });
});

test('a choice without any value is told', async () => {
  expect(await ask('label_values(a, b)', { a: [] }, 'variable')).toBeUndefined();
  expect(await ask('label_values(c, b)', { a: [] }, 'variable')).toBe('here: no value to choose: label_values(c, b)');
});

test('a metric that stands still is told, but for those that tell of our own bugs', async () => {
  const families = [
    { name: 'outrigger_moved_total', type: 'counter' },
    { name: 'outrigger_still_total', type: 'counter' },
    { name: 'outrigger_missing_total', type: 'counter' },
    { name: 'outrigger_observed_seconds', type: 'histogram' },
    { name: 'outrigger_unobserved_seconds', type: 'histogram' },
    { name: 'outrigger_bugs_total', type: 'counter' },
  ] as const;
  const prometheus = answering({
    outrigger_moved_total: [series('0', '0'), series('0', '1')],
    outrigger_still_total: [series('0', '0')],
    outrigger_observed_seconds_count: [series('4')],
    outrigger_unobserved_seconds_count: [series('0')],
  });
  expect(await motionless(prometheus, range, families)).toEqual(
    ['outrigger_still_total', 'outrigger_missing_total', 'outrigger_unobserved_seconds'].map(
      (name) => `${name} was never moved by the scenario`,
    ),
  );
});
