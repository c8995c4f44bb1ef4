import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { metricsSource } from './data-sources.ts';

/** What can be chosen by label, and the metric that has every value of it. */
const labels = {
  upstream: { label: 'Upstream', query: 'label_values(outrigger_attempts_total, upstream)' },
  agent: { label: 'Agent', query: 'label_values(outrigger_agent_requests_total, agent)' },
  model: { label: 'Model', query: 'label_values(outrigger_llm_tokens_total{upstream=~"$upstream"}, model)' },
} as const;

const sources = { datasource: { label: 'Metrics', type: 'prometheus' }, traces: { label: 'Traces', type: 'tempo' } } as const;

/** The name of what can be chosen at the top of a dashboard. */
export type VariableName = keyof typeof labels | keyof typeof sources;

/** A choice at the top of a dashboard. Of labels all values are chosen at first, and any number can be. */
export function variable(name: VariableName): { build(): dashboard.VariableModel } {
  if (name === 'datasource' || name === 'traces') {
    const { label, type } = sources[name];
    return new dashboard.DatasourceVariableBuilder(name).label(label).type(type);
  }
  const { label, query } = labels[name];
  return new dashboard.QueryVariableBuilder(name)
    .label(label)
    .datasource(metricsSource)
    .query({ query, refId: name })
    .definition(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: ['All'], value: ['$__all'], selected: true });
}
