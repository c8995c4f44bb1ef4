import { common, genAiLatest, genAiV141 } from './conventions/families.ts';
import type { FamilyFacts } from './family-facts.ts';
import { labelValues, tokenLabels } from './label-values.ts';
import { counters, gauges, histograms } from './names.ts';

/** What a label may say: the words of an enumeration, or where its values come from. */
type Values = readonly string[] | string;

/** By the name of the label alone. */
const everywhere: Readonly<Record<string, Values>> = {
  upstream: 'upstreams of the configuration, `other`, `none`',
  route: 'paths of routes of the configuration, `other`, `none`',
  agent: 'agents, at most `telemetry.metrics.agents`, then `other`',
  model: 'models, at most `telemetry.metrics.models`, then `other`; `unknown` where the call does not say',
  tool: 'tools, at most `telemetry.metrics.tools`, then `other`',
  channel: 'channels of alerts of the configuration, `none`',
  subscriber: 'parts of the sidecar that hear of every event',
  from: 'upstreams, with the model where a fallback names one',
  to: 'upstreams, with the model where a fallback names one',
  version: 'of this package',
  node: 'of Node',
  hash: 'beginning of the SHA-256 of what `/api/config` shows',
  level: 'levels of the escalation of the configuration, from 1',
  severity: labelValues.severity,
  part: 'part of the sidecar',
  outcome: labelValues.outcome,
  verdict: labelValues.verdict,
  phase: labelValues.phase,
  fault: labelValues.fault,
  action: labelValues.loopAction,
  actor: labelValues.actor,
  check: labelValues.check,
  label: labelValues.bounded,
  source: labelValues.waitSource,
};

/** Where the same name of a label means something else in each metric. */
const byMetric: Readonly<Record<string, Values>> = {
  'outrigger_retries_total reason': labelValues.reason,
  'outrigger_retries_given_up_total why': labelValues.notRetried,
  'outrigger_circuit_transitions_total to': labelValues.circuit,
  'outrigger_bulkhead_rejected_total reason': labelValues.rejected,
  'outrigger_fallbacks_total reason': labelValues.moved,
  'outrigger_cache_requests_total result': labelValues.cache,
  'outrigger_degraded_total kind': labelValues.degraded,
  'outrigger_loops_detected_total kind': labelValues.loop,
  'outrigger_prompt_adjustments_total kind': labelValues.adjustment,
  'outrigger_validations_total result': labelValues.validation,
  'outrigger_tool_calls_total outcome': labelValues.tool,
  'outrigger_llm_tokens_total kind': Object.values(tokenLabels),
  'outrigger_llm_estimated_tokens_total kind': Object.values(tokenLabels),
  'outrigger_llm_wasted_tokens_total why': labelValues.waste,
  'outrigger_llm_wasted_cost_usd_total why': labelValues.waste,
  'outrigger_agent_tokens_total kind': labelValues.direction,
  'outrigger_agent_interventions_total kind': labelValues.intervention,
  'outrigger_agents state': labelValues.agentState,
  'outrigger_alerts_total result': labelValues.alertResult,
  'outrigger_config_reloads_total result': labelValues.reload,
  'outrigger_spans_dropped_total reason': labelValues.spansDropped,
  'outrigger_incident_seconds change': labelValues.incident,
  'outrigger_websocket_messages_total direction': labelValues.message,
  'outrigger_websocket_closes_total how': labelValues.close,
  'outrigger_upstream_rate_limit kind': labelValues.rateLimit,
  'outrigger_upstream_rate_limit_remaining kind': labelValues.rateLimit,
  'outrigger_would_total kind': labelValues.would,
};

/** The page of all metrics. Throws for a label of which nothing is said here. */
export function metricsDoc(): string {
  return `# Metrics

\`GET /metrics\` of the admin port, in Prometheus' text format. Made from \`src/telemetry/names.ts\` by \`npm run metrics-doc\`.

Every metric stands there from the start at 0, for every upstream, route and word of the lists below, so that a rate is never without
data. Units are base units. Values that callers choose are bounded: once a label has all the names it may have, the rest is counted as
\`other\`, and \`outrigger_label_overflow_total\` says how often. Besides, there are the metrics of the process and of Node
(\`process_*\`, \`nodejs_*\`).

Not here, because something else tells it: attempts by number and strategy of their retry (spans and \`x-outrigger-attempts\`; what a retry
has saved is the outcome \`retried\`), probes of circuits (their transitions), how long a search for loops takes (part of
\`outrigger_overhead_seconds\`), stalls of streams (\`outrigger_timeouts_total{phase="idle"}\`) and refusals of upstreams
(\`outrigger_attempts_total{verdict="rate-limited"}\`). DNS and TLS are timed together with the connection.

## Counters

${table(Object.values(counters))}
## Gauges

${table(Object.values(gauges))}
## Histograms

${table(Object.values(histograms))}
## Conventions of OpenTelemetry

The same numbers by the names of OpenTelemetry's conventions, for dashboards that ask for those: \`telemetry.semconv: v1.41\` unless set,
\`latest\` for the names of the repository that the conventions for models have moved to, \`off\` for none. A change takes effect at the next
start. OTLP has the names below; on \`/metrics\` dots are underscores, with the unit behind. Their series appear with the first call, at most 60 of
\`http.*\` and 24 of each other; the rest is one with \`otel.metric.overflow\`.

${conventions([...Object.values(common)])}
By v1.41:

${conventions(Object.values(genAiV141))}
By \`latest\`:

${conventions(Object.values(genAiLatest))}`;
}

function table(families: readonly FamilyFacts[]): string {
  const rows = families.map(
    (facts) =>
      `| \`${facts.name}\` | ${unitOf(facts)} | ${facts.labels.map((label) => labelOf(facts, label)).join('<br>')} | ${facts.help} |\n`,
  );
  return `| name | unit | labels | meaning |\n|---|---|---|---|\n${rows.join('')}`;
}

function conventions(families: readonly FamilyFacts[]): string {
  const rows = families.map(
    (facts) =>
      `| \`${facts.name}\` | ${facts.type} | ${unitOf(facts)} | ${facts.labels.map((label) => `\`${label}\``).join(', ')} | ${facts.help} |\n`,
  );
  return `| name | type | unit | attributes | meaning |\n|---|---|---|---|---|\n${rows.join('')}`;
}

function unitOf({ unit }: FamilyFacts): string {
  const words: Readonly<Record<FamilyFacts['unit'], string>> = {
    '': '',
    '1': 'ratio',
    s: 'seconds',
    By: 'bytes',
    '{token}': 'tokens',
    '{USD}': 'US dollars',
    '{token}/s': 'tokens a second',
  };
  return words[unit];
}

function labelOf({ name }: FamilyFacts, label: string): string {
  const values = byMetric[`${name} ${label}`] ?? everywhere[label];
  if (values === undefined) throw new Error(`nothing is said of the values of ${label} of ${name}`);
  return `\`${label}\`: ${typeof values === 'string' ? values : values.join(', ')}`;
}
