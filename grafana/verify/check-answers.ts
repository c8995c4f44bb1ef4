import type { Expression } from './expressions.ts';
import { labelValuesOf } from './expressions.ts';
import { filledIn } from './filled-in.ts';
import type { Prometheus, Range, Series } from './prometheus.ts';
import { comparedParts } from './promql-tree.ts';

/** What may ask for a rate over this time with one scrape a second. */
const rateInterval = 15;

/**
 * Asks Prometheus for an expression over a span of time. Gives what is wrong with the answer, or undefined. An alert or a mark may have no answer
 * as a whole; what it compares must have one.
 */
export async function answerProblem(
  expression: Expression,
  prometheus: Pick<Prometheus, 'range' | 'labelValues'>,
  range: Range,
): Promise<string | undefined> {
  const { text, kind, where } = expression;
  const fillings = { rateInterval, range: Math.ceil(range.end - range.start), interval: range.step };
  const ask = async (query: string) => seriesProblem(await prometheus.range(query, range));
  try {
    const query = filledIn(text, fillings);
    if (kind === 'variable') {
      const { selector, label } = labelValuesOf(query);
      const values = await prometheus.labelValues(selector, label, range);
      return values.length > 0 ? undefined : `${where}: no value to choose: ${query}`;
    }
    if (kind === 'panel' || kind === 'record') return told(where, await ask(query), query);
    // The whole has to be a valid question too.
    await prometheus.range(query, range);
    const parts = comparedParts(query);
    for (const part of parts) {
      const problem = told(where, await ask(part), part);
      if (problem) return problem;
    }
    return parts.length > 0 ? undefined : `${where}: compares nothing: ${query}`;
  } catch (error) {
    return `${where}: ${error instanceof Error ? error.message : String(error)}: ${text}`;
  }
}

/** What is wrong with the series of an answer: none at all, one without any number, or an infinite one. */
function seriesProblem(series: readonly Series[]): string | undefined {
  if (series.length === 0) return 'no answer';
  for (const { metric, values } of series) {
    const numbers = values.map(([, value]) => Number(value.replace('Inf', 'Infinity')));
    if (numbers.every(Number.isNaN)) return `not a number: ${JSON.stringify(metric)}`;
    if (numbers.some((number) => Math.abs(number) === Number.POSITIVE_INFINITY)) return `an infinite number: ${JSON.stringify(metric)}`;
  }
  return undefined;
}

function told(where: string, problem: string | undefined, query: string): string | undefined {
  return problem && `${where}: ${problem}: ${query}`;
}
