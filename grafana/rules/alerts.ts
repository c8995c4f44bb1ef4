import type { Alert, RuleGroup } from './rule.ts';
import type { SloSettings } from './slo-settings.ts';

/** The alerts on what the sidecar tells of upstreams, agents, money and itself. */
export function alertRules({ job }: SloSettings): RuleGroup[] {
  return [
    { name: 'outrigger-upstreams', rules: upstreams },
    { name: 'outrigger-agents', rules: agents },
    { name: 'outrigger-cost', rules: cost },
    { name: 'outrigger-sidecar', rules: sidecar(job) },
  ];
}

const upstreams: readonly Alert[] = [
  {
    alert: 'CircuitOpen',
    expr: 'outrigger_circuit_state == 2',
    for: '2m',
    severity: 'ticket',
    summary: 'The circuit of {{ $labels.upstream }} has been open for two minutes',
  },
  {
    alert: 'CircuitFlapping',
    expr: 'increase(outrigger_circuit_transitions_total{to="open"}[15m]) > 4',
    severity: 'ticket',
    summary: 'The circuit of {{ $labels.upstream }} opens again and again',
  },
  {
    alert: 'NoFallbackAnswers',
    expr: 'rate(outrigger_fallbacks_exhausted_total[5m]) > 0',
    for: '5m',
    severity: 'page',
    summary: 'Calls to {{ $labels.upstream }} fail, and no fallback target has an answer',
  },
  {
    alert: 'RetryStorm',
    expr: 'sum by (instance, job, upstream) (rate(outrigger_retries_total[5m])) / (sum by (instance, job, upstream) (rate(outrigger_attempts_total[5m])) > 0.1) > 0.3',
    for: '5m',
    severity: 'ticket',
    summary: '{{ $value | humanizePercentage }} of the attempts at {{ $labels.upstream }} are retries',
  },
  {
    alert: 'RetryBudgetSpent',
    expr: 'outrigger_retry_budget_used_ratio >= 0.9',
    for: '5m',
    severity: 'ticket',
    summary: 'The retry budget of {{ $labels.upstream }} is spent',
  },
  {
    alert: 'BulkheadSaturated',
    expr: '(outrigger_bulkhead_queue_length > 0) and (outrigger_bulkhead_in_use >= outrigger_bulkhead_limit)',
    for: '5m',
    severity: 'ticket',
    summary: 'All places at {{ $labels.upstream }} are taken and calls wait',
  },
  {
    alert: 'RateLimitNearlySpent',
    expr: 'outrigger_upstream_rate_limit_remaining / (outrigger_upstream_rate_limit > 0) < 0.1',
    for: '5m',
    severity: 'ticket',
    summary: '{{ $value | humanizePercentage }} of the limit of {{ $labels.kind }} at {{ $labels.upstream }} is left',
  },
  {
    alert: 'DegradedAnswers',
    expr: 'sum by (instance, job, upstream) (rate(outrigger_requests_total{outcome="degraded"}[10m])) / (sum by (instance, job, upstream) (rate(outrigger_requests_total[10m])) > 0) > 0.1',
    for: '5m',
    severity: 'ticket',
    summary: '{{ $value | humanizePercentage }} of the calls to {{ $labels.upstream }} are answered by a message of our own',
  },
  {
    alert: 'StreamsBreakOff',
    expr: 'increase(outrigger_streams_broken_total[10m]) > 5',
    severity: 'ticket',
    summary: 'Answers of {{ $labels.upstream }} break off in the middle',
  },
  {
    alert: 'FirstByteSlow',
    expr: 'histogram_quantile(0.95, sum by (le, instance, job, upstream) (rate(outrigger_time_to_first_byte_seconds_bucket[10m]))) > 30',
    for: '10m',
    severity: 'ticket',
    summary: 'One in twenty answers of {{ $labels.upstream }} takes more than half a minute to begin',
  },
  {
    alert: 'FaultInjectionOn',
    expr: 'sum by (instance, job, upstream) (increase(outrigger_faults_injected_total[5m])) > 0',
    for: '1h',
    severity: 'info',
    summary: 'Faults have been injected at {{ $labels.upstream }} for an hour',
  },
];

const agents: readonly Alert[] = [
  {
    alert: 'AgentPaused',
    expr: 'outrigger_agent_paused > 0',
    for: '15m',
    severity: 'ticket',
    summary: 'The agent {{ $labels.agent }} has been paused for a quarter of an hour',
  },
  {
    alert: 'LoopSurge',
    expr: 'sum by (instance, job) (increase(outrigger_loops_detected_total[10m])) > 10',
    severity: 'ticket',
    summary: 'Agents go in circles: {{ $value | humanize }} loops in ten minutes',
  },
  {
    alert: 'AlertDeliveryFailing',
    expr: 'sum by (instance, job, channel) (increase(outrigger_alerts_total{result="error"}[10m])) > 0',
    severity: 'ticket',
    summary: 'Alert messages by {{ $labels.channel }} do not arrive',
  },
];

const cost: RuleGroup['rules'] = [
  { record: 'outrigger:llm_cost_usd:rate10m', expr: 'sum by (instance, job) (rate(outrigger_llm_cost_usd_total[10m]))' },
  {
    alert: 'CostSpike',
    // The mean of what was recorded, so that the first day has one too.
    expr: '(outrigger:llm_cost_usd:rate10m > 3 * avg_over_time(outrigger:llm_cost_usd:rate10m[1d])) and (outrigger:llm_cost_usd:rate10m * 3600 > 1)',
    for: '10m',
    severity: 'ticket',
    summary: 'Tokens cost more than three times as much as in the last day',
  },
  {
    alert: 'TokensInVain',
    expr: 'sum by (instance, job) (increase(outrigger_llm_wasted_cost_usd_total[1h])) / (sum by (instance, job) (increase(outrigger_llm_cost_usd_total[1h])) > 0.1) > 0.2',
    for: '15m',
    severity: 'ticket',
    summary: '{{ $value | humanizePercentage }} of the cost of the last hour went into answers of no use',
  },
  {
    alert: 'UnpricedModel',
    expr: 'increase(outrigger_llm_unpriced_requests_total[1h]) > 0',
    severity: 'info',
    summary: 'The model {{ $labels.model }} of {{ $labels.upstream }} has no price',
  },
];

const sidecar = (job: string): readonly Alert[] => [
  {
    alert: 'SidecarDown',
    expr: `up{job="${job}"} == 0`,
    for: '1m',
    severity: 'page',
    summary: 'The sidecar {{ $labels.instance }} does not answer',
  },
  {
    alert: 'SidecarBug',
    expr: 'increase(outrigger_bugs_total[1h]) > 0',
    severity: 'ticket',
    summary: 'The sidecar {{ $labels.instance }} has contained an error of its own',
  },
  {
    alert: 'EventLoopLag',
    expr: `nodejs_eventloop_lag_p99_seconds{job="${job}"} > 0.2`,
    for: '5m',
    severity: 'ticket',
    summary: 'The sidecar {{ $labels.instance }} comes to its work {{ $value | humanizeDuration }} late',
  },
  {
    alert: 'MemoryGrows',
    expr: `(predict_linear(process_resident_memory_bytes{job="${job}"}[1h], 14400) > 2 * process_resident_memory_bytes{job="${job}"}) and (process_resident_memory_bytes{job="${job}"} > 500e6)`,
    for: '30m',
    severity: 'ticket',
    summary: 'The sidecar {{ $labels.instance }} will have doubled its memory in four hours',
  },
  {
    alert: 'FilesRunOut',
    expr: `process_open_fds{job="${job}"} / process_max_fds{job="${job}"} > 0.8`,
    for: '5m',
    severity: 'page',
    summary: 'The sidecar {{ $labels.instance }} has used {{ $value | humanizePercentage }} of its files and sockets',
  },
  {
    alert: 'ConfigRejected',
    expr: 'increase(outrigger_config_reloads_total{result="rejected"}[10m]) > 0',
    severity: 'ticket',
    summary: 'The sidecar {{ $labels.instance }} has rejected a new configuration',
  },
  {
    alert: 'HealthCritical',
    expr: 'outrigger_health_status{check="overall"} == 2',
    for: '5m',
    severity: 'ticket',
    summary: 'The sidecar {{ $labels.instance }} says of itself that its health is critical',
  },
  {
    alert: 'DiskFills',
    expr: 'predict_linear(outrigger_disk_free_bytes[1h], 14400) < 0',
    for: '30m',
    severity: 'ticket',
    summary: 'The disk of the state directory of {{ $labels.instance }} will be full in four hours',
  },
  {
    alert: 'TelemetryLost',
    expr: '(increase(outrigger_log_dropped_total[10m]) > 0) or (sum by (instance, job) (increase(outrigger_journal_errors_total[10m])) > 0) or (sum by (instance, job) (increase(outrigger_spans_dropped_total[10m])) > 0)',
    severity: 'ticket',
    summary: 'The sidecar {{ $labels.instance }} could not tell all that happened',
  },
  {
    alert: 'NamesOverflow',
    expr: 'increase(outrigger_label_overflow_total[1h]) > 0',
    severity: 'info',
    summary: 'There are more names of the kind {{ $labels.label }} than are kept apart',
  },
];
