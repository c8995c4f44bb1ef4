import { counters, gauges, histograms } from '../../src/telemetry/names.ts';
import { type Expression, labelValuesOf } from './expressions.ts';
import { filledIn } from './filled-in.ts';
import { selectedMetrics } from './promql-tree.ts';

/** What of a family matters here. */
interface OwnFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
}

/** Every family of ours. */
export const ownFamilies: readonly OwnFamily[] = [counters, gauges, histograms].flatMap((families) => Object.values(families));

/** Made by Prometheus itself. */
const madeByPrometheus = ['up', 'ALERTS'];

/** The metrics that an expression selects; variables ask for those in their `label_values`. Throws an `Error` where it cannot be parsed. */
function metricsIn({ text, kind }: Expression): string[] {
  const asked = kind === 'variable' ? labelValuesOf(text).selector : text;
  return selectedMetrics(filledIn(asked, { rateInterval: 60, range: 3600, interval: 15 }));
}

/**
 * What is wrong with the names: an expression that cannot be parsed, a metric that is none of `others` (the process's own, recorded
 * ones) nor of ours nor made by Prometheus, and a metric of ours that no panel and no rule asks for.
 */
export function nameProblems(
  expressions: readonly Expression[],
  others: ReadonlySet<string>,
  own: readonly OwnFamily[] = ownFamilies,
): string[] {
  const known = new Set([...others, ...madeByPrometheus, ...own.flatMap(seriesNames)]);
  const used = new Set<string>();
  const problems = expressions.flatMap((expression) => {
    try {
      const metrics = metricsIn(expression);
      // What a choice is made from is not shown.
      if (expression.kind !== 'variable') for (const metric of metrics) used.add(metric);
      return metrics.filter((metric) => !known.has(metric)).map((metric) => `${expression.where}: there is no metric ${metric}`);
    } catch (error) {
      return [`${expression.where}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
  const unused = own.filter((family) => !seriesNames(family).some((name) => used.has(name)));
  return [...problems, ...unused.map(({ name }) => `${name} stands on no panel and in no rule`)];
}

/** What the samples of a family are called. */
function seriesNames({ name, type }: OwnFamily): string[] {
  return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}
