/** What a metric is called and means. Seconds and bytes are base units; `unit` is in the notation of UCUM. */
export interface FamilyFacts {
  readonly name: `outrigger_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly unit: '' | '1' | 's' | 'By' | '{token}' | '{USD}';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in the unit. */
  readonly bounds?: readonly number[];
}

/** Long enough for a model that thinks for minutes. */
const callBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 30, 60, 120, 300] as const;
const overheadBounds = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.000_75, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
] as const;
const waitBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120] as const;

/** Counts since the process began. Labels: enumerations of the code, names of the YAML, or interned and bounded. */
export const counters = {
  requests: counter('outrigger_requests_total', 'Calls of agents, by how they went as the agent saw it.', ['upstream', 'route', 'outcome']),
  agentRequests: counter('outrigger_agent_requests_total', 'Calls by agent and by how they went.', ['agent', 'outcome']),
  requestBytes: counter('outrigger_request_bytes_total', 'Body bytes that agents sent.', ['upstream'], 'By'),
  responseBytes: counter('outrigger_response_bytes_total', 'Body bytes that agents were sent.', ['upstream'], 'By'),
  attempts: counter('outrigger_attempts_total', 'Attempts at an upstream, by what became of them in the end.', ['upstream', 'verdict']),
  tunnelAnswers: counter('outrigger_tunnel_answers_total', 'Answers inside WebSockets, by what became of them.', ['upstream', 'verdict']),
  timeouts: counter('outrigger_timeouts_total', 'Timers that ran out, by phase of the attempt.', ['upstream', 'phase']),
  retries: counter('outrigger_retries_total', 'Attempts that were made again, by the verdict that asked for it.', ['upstream', 'reason']),
  retriesGivenUp: counter('outrigger_retries_given_up_total', 'Retries that the verdict allowed and that were not made.', [
    'upstream',
    'why',
  ]),
  socketResent: counter('outrigger_socket_resent_total', 'Requests sent again because a kept connection had closed.', ['upstream']),
  streamsBroken: counter('outrigger_streams_broken_total', 'Answers that broke off after they had begun to reach the agent.', ['upstream']),
  circuitTransitions: counter('outrigger_circuit_transitions_total', 'Changes of a circuit breaker, by its new state.', ['upstream', 'to']),
  circuitRefused: counter('outrigger_circuit_refused_total', 'Attempts that an open circuit breaker refused.', ['upstream']),
  bulkheadRejected: counter('outrigger_bulkhead_rejected_total', 'Attempts that found no place in the bulkhead.', ['upstream', 'reason']),
  targetsSkipped: counter('outrigger_targets_skipped_total', 'Fallback targets that a call could not move to.', ['upstream']),
  fallbacks: counter('outrigger_fallbacks_total', 'Moves to the next target, by the verdict that asked for it.', ['from', 'to', 'reason']),
  fallbacksExhausted: counter('outrigger_fallbacks_exhausted_total', 'Calls for which no fallback target had an answer.', ['upstream']),
  cacheRequests: counter('outrigger_cache_requests_total', 'Questions to the response cache, by what came of them.', ['result']),
  degraded: counter('outrigger_degraded_total', 'Answers that were not fresh ones of an upstream: cache or message.', ['kind']),
  loopsDetected: counter('outrigger_loops_detected_total', 'Loops that agents were found in, by what was done.', ['kind', 'action']),
  faultsInjected: counter('outrigger_faults_injected_total', 'Faults of our own making, for tests and game days.', ['upstream', 'fault']),
  promptAdjustments: counter('outrigger_prompt_adjustments_total', 'Retries whose prompt was adjusted, by kind.', ['kind']),
  validations: counter('outrigger_validations_total', 'Answers whose content was checked, by what was found.', ['upstream', 'result']),
  tokens: counter(
    'outrigger_llm_tokens_total',
    'Tokens that providers reported; the kinds are disjoint.',
    ['upstream', 'model', 'kind'],
    '{token}',
  ),
  estimatedTokens: counter(
    'outrigger_llm_estimated_tokens_total',
    'Tokens that providers did not report, by the size of requests and answers; beside those that they did.',
    ['upstream', 'model', 'kind'],
    '{token}',
  ),
  costUsd: counter('outrigger_llm_cost_usd_total', 'US dollars for tokens, estimated ones included.', ['upstream', 'model'], '{USD}'),
  unpriced: counter('outrigger_llm_unpriced_requests_total', 'Attempts with tokens that have no price.', ['upstream', 'model']),
  wastedTokens: counter(
    'outrigger_llm_wasted_tokens_total',
    'Tokens of answers that were of no use, by what became of them; part of the totals.',
    ['upstream', 'model', 'why'],
    '{token}',
  ),
  wastedUsd: counter(
    'outrigger_llm_wasted_cost_usd_total',
    'US dollars for answers that were of no use; part of the total.',
    ['upstream', 'model', 'why'],
    '{USD}',
  ),
  agentTokens: counter(
    'outrigger_agent_tokens_total',
    'Tokens that agents have spent, those of caches, reasoning and estimates included.',
    ['agent', 'kind'],
    '{token}',
  ),
  agentCostUsd: counter('outrigger_agent_cost_usd_total', 'US dollars that agents have spent on tokens.', ['agent'], '{USD}'),
  alerts: counter('outrigger_alerts_total', 'Alert messages, by channel and by what came of them.', ['channel', 'result']),
  configReloads: counter('outrigger_config_reloads_total', 'New configurations that were read, by whether they took effect.', ['result']),
  would: counter('outrigger_would_total', 'What policies in observe mode would have done, by kind of event.', ['kind']),
  bugs: counter('outrigger_bugs_total', 'Errors of the sidecar itself that were contained.', []),
  journalErrors: counter('outrigger_journal_errors_total', 'Events that a subscriber of the journal failed on.', ['subscriber']),
  logDropped: counter('outrigger_log_dropped_total', 'Lines of the log that were dropped because its reader was too slow.', []),
  labelOverflow: counter('outrigger_label_overflow_total', 'Label values that were counted as other, to keep series bounded.', ['label']),
} as const satisfies Record<string, FamilyFacts>;

/** Values of now. */
export const gauges = {
  buildInfo: gauge('outrigger_build_info', 'Always 1; the labels tell what runs.', ['version', 'node']),
  inflight: gauge('outrigger_inflight_requests', 'Calls that have begun and not ended.', ['upstream']),
  streamsActive: gauge('outrigger_streams_active', 'Streamed answers on their way to an agent.', ['upstream']),
  circuitState: gauge('outrigger_circuit_state', 'State of the circuit breaker: 0 closed, 1 half-open, 2 open.', ['upstream']),
  bulkheadInUse: gauge('outrigger_bulkhead_in_use', 'Places of the bulkhead that are taken.', ['upstream']),
  bulkheadLimit: gauge('outrigger_bulkhead_limit', 'Places that the bulkhead has; 0 where there is none.', ['upstream']),
  bulkheadQueue: gauge('outrigger_bulkhead_queue_length', 'Attempts that wait for a place in the bulkhead.', ['upstream']),
  retryBudgetUsed: gauge('outrigger_retry_budget_used_ratio', 'Share of the retry budget that is spent, from 0 to 1.', ['upstream'], '1'),
  agentPaused: gauge('outrigger_agent_paused', '1 while the agent is paused, else 0.', ['agent']),
} as const satisfies Record<string, FamilyFacts>;

/** Distributions. None carries an agent: that would multiply every bucket. */
export const histograms = {
  requestSeconds: histogram(
    'outrigger_request_duration_seconds',
    'From the start of a call to its end, body and all.',
    ['upstream', 'route'],
    callBounds,
  ),
  overheadSeconds: histogram(
    'outrigger_overhead_seconds',
    'Our own share of the time to the head of the answer, waits of policies excluded.',
    ['upstream'],
    overheadBounds,
  ),
  firstByteSeconds: histogram(
    'outrigger_time_to_first_byte_seconds',
    'From the start of a call to the head of its answer at the agent.',
    ['upstream'],
    callBounds,
  ),
  attemptSeconds: histogram(
    'outrigger_attempt_duration_seconds',
    'From the start of an attempt until its answer could be judged.',
    ['upstream'],
    callBounds,
  ),
  retryWaitSeconds: histogram(
    'outrigger_retry_wait_seconds',
    'Waits before a retry, by who chose their length.',
    ['upstream', 'source'],
    waitBounds,
  ),
  bulkheadWaitSeconds: histogram('outrigger_bulkhead_wait_seconds', 'Waits for a place in the bulkhead.', ['upstream'], waitBounds),
} as const satisfies Record<string, FamilyFacts>;

function counter<const Labels extends readonly string[]>(
  name: `outrigger_${string}_total`,
  help: string,
  labels: Labels,
  unit: FamilyFacts['unit'] = '',
) {
  return { name, type: 'counter', unit, help, labels } as const;
}

function gauge<const Labels extends readonly string[]>(
  name: `outrigger_${string}`,
  help: string,
  labels: Labels,
  unit: FamilyFacts['unit'] = '',
) {
  return { name, type: 'gauge', unit, help, labels } as const;
}

function histogram<const Labels extends readonly string[]>(
  name: `outrigger_${string}_seconds`,
  help: string,
  labels: Labels,
  bounds: readonly number[],
) {
  return { name, type: 'histogram', unit: 's', help, labels, bounds } as const;
}
