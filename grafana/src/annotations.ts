import { type AnnotationQuery, AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { metricsSource } from './data-sources.ts';

/** What is marked on the time axis of every dashboard. Each expression is above 0 while it has just happened. */
const marks = [
  {
    name: 'Configuration reloaded',
    color: 'blue',
    expr: 'sum by (result) (increase(outrigger_config_reloads_total[$__rate_interval])) > 0',
    title: 'Configuration {{result}}',
  },
  {
    name: 'Circuit opened',
    color: 'red',
    expr: 'sum by (upstream) (increase(outrigger_circuit_transitions_total{to="open"}[$__rate_interval])) > 0',
    title: 'Circuit of {{upstream}} opened',
  },
  {
    name: 'Faults injected',
    color: 'purple',
    expr: 'sum by (upstream) (increase(outrigger_faults_injected_total[$__rate_interval])) > 0',
    title: 'Faults are injected at {{upstream}}',
  },
] as const;

/** The marks of every dashboard. */
export function annotations(): { build(): AnnotationQuery }[] {
  return marks.map(({ name, color, expr, title }) =>
    new AnnotationQueryBuilder()
      .name(name)
      .datasource(metricsSource)
      .enable(true)
      .hide(false)
      .iconColor(color)
      .expr(expr)
      .step('15s')
      .titleFormat(title),
  );
}
