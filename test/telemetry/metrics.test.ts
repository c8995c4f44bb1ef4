import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { callOutcomes } from '../../src/core/event.ts';
import { StreamGaps } from '../../src/core/stream-gaps.ts';
import { counters, gauges, histograms } from '../../src/telemetry/names.ts';
import { answered, attemptEnded, call, callEnded, committed, metricsFor, samples, total } from './kit.ts';

/** What users rely on, with its labels. */
const reliedOn = {
  outrigger_requests_total: ['upstream', 'route', 'outcome'],
  outrigger_attempts_total: ['upstream', 'verdict'],
  outrigger_retries_total: ['upstream', 'reason'],
  outrigger_fallbacks_total: ['from', 'to', 'reason'],
  outrigger_circuit_state: ['upstream'],
  outrigger_circuit_transitions_total: ['upstream', 'to'],
  outrigger_bulkhead_in_use: ['upstream'],
  outrigger_bulkhead_rejected_total: ['upstream', 'reason'],
  outrigger_cache_requests_total: ['result'],
  outrigger_degraded_total: ['kind'],
  outrigger_loops_detected_total: ['kind', 'action'],
  outrigger_agent_paused: ['agent'],
  outrigger_alerts_total: ['channel', 'result'],
  outrigger_llm_tokens_total: ['upstream', 'model', 'kind'],
  outrigger_request_duration_seconds_count: ['upstream', 'route'],
  outrigger_overhead_seconds_count: ['upstream'],
  outrigger_time_to_first_byte_seconds_count: ['upstream'],
  outrigger_streams_active: ['upstream'],
  outrigger_config_reloads_total: ['result'],
  outrigger_faults_injected_total: ['upstream', 'fault'],
};

const command = 'promtool';
const promtool = spawnSync(command, ['--version']).error === undefined;
if (!promtool) {
  const missing = 'promtool is not on PATH: the exposition was NOT checked by it';
  if (process.env['CI']) throw new Error(missing);
  console.warn(`\n*** ${missing} ***\n`);
}

function check(text: string): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(command, ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

describe('a scrape before any call', () => {
  test.each(Object.entries(reliedOn))('has %s at 0', async (name, labels) => {
    const found = [...samples(await metricsFor().text())].filter(([sample]) => sample.startsWith(`${name}{`));
    expect(found.length).toBeGreaterThan(0);
    for (const [sample, value] of found) {
      expect([...sample.matchAll(/[{,](\w+)=/g)].map(([, label]) => label)).toEqual(labels);
      expect(value).toBe(0);
    }
  });

  test('has every family of the catalogue, and nothing but 0 in it', async () => {
    const text = await metricsFor().text();
    for (const { name, type } of [counters, gauges, histograms].flatMap((facts) => Object.values(facts))) {
      if (name === 'outrigger_build_info') continue;
      expect(total(text, type === 'histogram' ? `${name}_count` : name), name).toBe(0);
      expect(text).toMatch(new RegExp(`^# HELP ${name} \\S.*\\n(# UNIT ${name} .*\\n)?# TYPE ${name} ${type}$`, 'm'));
    }
  });

  test('has every family where nothing is configured either', async () => {
    const text = await metricsFor({ upstreams: [], routes: [] }).text();
    for (const name of Object.keys(reliedOn)) expect(total(text, name), name).toBe(0);
  });

  test('has every move of a fallback by every reason, a refusal among them', async () => {
    const found = samples(await metricsFor({ fallbacks: [{ from: 'openai', to: 'spare/llama' }] }).text());
    for (const reason of ['overloaded', 'quota-exhausted', 'refused']) {
      expect(found.get(`outrigger_fallbacks_total{from="openai",to="spare/llama",reason="${reason}"}`)).toBe(0);
    }
    const none = samples(await metricsFor({ fallbacks: [] }).text());
    expect(none.get('outrigger_fallbacks_total{from="none",to="none",reason="refused"}')).toBe(0);
  });

  test('has every kind of event that a policy in observe mode tells', async () => {
    const found = samples(await metricsFor().text());
    for (const kind of ['target-skipped', 'fallback', 'cache', 'degraded', 'fault-injected', 'timeout', 'retry-given-up']) {
      expect(found.get(`outrigger_would_total{kind="${kind}"}`), kind).toBe(0);
    }
  });

  test('has every outcome of every route', async () => {
    const found = samples(await metricsFor().text());
    for (const outcome of callOutcomes) {
      expect(found.get(`outrigger_requests_total{upstream="openai",route="/openai",outcome="${outcome}"}`)).toBe(0);
      expect(found.get(`outrigger_requests_total{upstream="spare",route="/spare",outcome="${outcome}"}`)).toBe(0);
    }
  });

  test('tells what runs', async () => {
    const found = samples(await metricsFor().text());
    expect(found.get(`outrigger_build_info{version="1.2.3",node="${process.version}"}`)).toBe(1);
  });

  test('has the metrics of the process, without those that promtool rejects', async () => {
    const text = await metricsFor().text();
    expect(total(text, 'process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(total(text, 'process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
    expect(text).not.toMatch(/nodejs_active_\w+_total/);
  });
});

describe.skipIf(!promtool)('promtool', () => {
  test('finds nothing to complain of before and after calls', async () => {
    const metrics = metricsFor();
    expect(check(await metrics.text())).toEqual({ status: 0, said: '' });
    metrics.subscriber.on(attemptEnded('openai', { model: 'a"b\\c\nd', usage: usage(3) }), call());
    metrics.subscriber.on(committed(), call());
    metrics.subscriber.on(callEnded('ok'), call({ agent: { name: 'new', source: 'header' } }));
    expect(check(await metrics.text())).toEqual({ status: 0, said: '' });
  });

  test('would complain of a scrape that is not in order', () => {
    expect(check('# HELP foo_total x\n# TYPE foo_total gauge\nfoo_total 1\n').status).not.toBe(0);
  });
});

describe('a call', () => {
  test('counts by upstream, route and outcome as soon as it has ended', async () => {
    const metrics = metricsFor();
    const key = 'outrigger_requests_total{upstream="openai",route="/openai",outcome="retried"}';
    for (let calls = 1; calls <= 3; calls += 1) {
      metrics.subscriber.on(callEnded('retried'), call());
      expect(samples(await metrics.text()).get(key)).toBe(calls);
    }
    expect(total(await metrics.text(), 'outrigger_requests_total')).toBe(3);
  });

  test('is in flight from its start to its end', async () => {
    const metrics = metricsFor();
    const one = call();
    metrics.subscriber.on({ kind: 'call-started', attempt: 0 }, one);
    expect(samples(await metrics.text()).get('outrigger_inflight_requests{upstream="openai"}')).toBe(1);
    metrics.subscriber.on(callEnded('ok'), one);
    expect(samples(await metrics.text()).get('outrigger_inflight_requests{upstream="openai"}')).toBe(0);
  });

  test('is measured in seconds, with buckets for answers that take minutes', async () => {
    const metrics = metricsFor();
    metrics.subscriber.on(committed({ ms: 1500, overheadMs: 0.06 }), call());
    metrics.subscriber.on(callEnded('ok', { ms: 200_000 }), call());
    const found = samples(await metrics.text());
    expect(found.get('outrigger_request_duration_seconds_sum{upstream="openai",route="/openai"}')).toBe(200);
    expect(found.get('outrigger_request_duration_seconds_bucket{upstream="openai",route="/openai",le="120"}')).toBe(0);
    expect(found.get('outrigger_request_duration_seconds_bucket{upstream="openai",route="/openai",le="300"}')).toBe(1);
    expect(found.get('outrigger_time_to_first_byte_seconds_sum{upstream="openai"}')).toBe(1.5);
    expect(found.get('outrigger_overhead_seconds_bucket{upstream="openai",le="0.00005"}')).toBe(0);
    expect(found.get('outrigger_overhead_seconds_bucket{upstream="openai",le="0.0001"}')).toBe(1);
  });

  test.each(['none', ''])('that no route matched counts under none: %j', async (nothing) => {
    const metrics = metricsFor();
    metrics.subscriber.on(callEnded('client-error'), call({ route: nothing, upstream: nothing }));
    const found = samples(await metrics.text());
    expect(found.get('outrigger_requests_total{upstream="none",route="none",outcome="client-error"}')).toBe(1);
  });
});

describe('an attempt', () => {
  test('counts once, by the verdict that its body ended with', async () => {
    const metrics = metricsFor();
    metrics.subscriber.on(answered('openai', { verdict: 'ok' }), call());
    metrics.subscriber.on(attemptEnded('openai', { verdict: 'network', complete: false }), call());
    const text = await metrics.text();
    expect(samples(text).get('outrigger_attempts_total{upstream="openai",verdict="network"}')).toBe(1);
    expect(total(text, 'outrigger_attempts_total')).toBe(1);
  });

  test('without an answer counts once, as it has no body that could end', async () => {
    const metrics = metricsFor();
    metrics.subscriber.on(
      { kind: 'attempt-answered', attempt: 1, upstream: 'spare', verdict: 'timeout', origin: 'upstream', ms: 9 },
      call(),
    );
    const text = await metrics.text();
    expect(samples(text).get('outrigger_attempts_total{upstream="spare",verdict="timeout"}')).toBe(1);
    expect(total(text, 'outrigger_attempts_total')).toBe(1);
  });

  test('that we refused is not timed', async () => {
    const metrics = metricsFor();
    metrics.subscriber.on(
      { kind: 'attempt-answered', attempt: 1, upstream: 'openai', verdict: 'refused', origin: 'ourselves', ms: 0 },
      call(),
    );
    expect(total(await metrics.text(), 'outrigger_attempt_duration_seconds_count')).toBe(0);
  });

  test('counts tokens by model and by kinds that add up', async () => {
    const metrics = metricsFor();
    const tokens = { input: 1, output: 2, cacheRead: 4, cacheWrite: 8, reasoning: 16 };
    metrics.subscriber.on(attemptEnded('openai', { model: 'gpt-5', usage: tokens }), call());
    metrics.subscriber.on(attemptEnded('openai', { usage: tokens }), call());
    const text = await metrics.text();
    const found = samples(text);
    expect(found.get('outrigger_llm_tokens_total{upstream="openai",model="gpt-5",kind="cache_read"}')).toBe(4);
    expect(found.get('outrigger_llm_tokens_total{upstream="openai",model="unknown",kind="reasoning"}')).toBe(16);
    expect(total(text, 'outrigger_llm_tokens_total')).toBe(62);
  });
});

describe('a stream', () => {
  const streams = (text: string, upstream: string) => samples(text).get(`outrigger_streams_active{upstream="${upstream}"}`);

  test('is active from its commit to the end of its call', async () => {
    const metrics = metricsFor();
    const one = call();
    metrics.subscriber.on(answered('openai'), one);
    metrics.subscriber.on(committed({ streamed: true }), one);
    expect(streams(await metrics.text(), 'openai')).toBe(1);
    metrics.subscriber.on(attemptEnded('openai'), one);
    metrics.subscriber.on(callEnded('ok'), one);
    expect(streams(await metrics.text(), 'openai')).toBe(0);
  });

  test('counts at the upstream that it came from', async () => {
    const metrics = metricsFor();
    const one = call();
    metrics.subscriber.on(answered('openai', { verdict: 'overloaded', status: 503 }), one);
    metrics.subscriber.on(answered('spare', { attempt: 2 }), one);
    metrics.subscriber.on(committed({ attempt: 2, streamed: true }), one);
    const text = await metrics.text();
    expect([streams(text, 'openai'), streams(text, 'spare')]).toEqual([0, 1]);
    metrics.subscriber.on(callEnded('fell-back'), one);
    expect(streams(await metrics.text(), 'spare')).toBe(0);
  });

  test('has the silences in it counted, and a plain answer in pieces has none', async () => {
    const metrics = metricsFor();
    const gaps = new StreamGaps();
    for (const ms of [4, 30, 70_000]) gaps.add(ms);
    const one = call();
    metrics.subscriber.on(answered('spare'), one);
    metrics.subscriber.on(committed({ streamed: true }), one);
    metrics.subscriber.on(attemptEnded('spare', { gaps }), one);
    metrics.subscriber.on(attemptEnded('openai', { gaps }), call({ id: 'plain' }));
    const found = samples(await metrics.text());
    const gap = (what: string) => found.get(`outrigger_stream_chunk_gap_seconds_${what}`);
    expect(gap('bucket{upstream="spare",le="0.005"}')).toBe(1);
    expect(gap('bucket{upstream="spare",le="0.05"}')).toBe(2);
    expect(gap('bucket{upstream="spare",le="60"}')).toBe(2);
    expect(gap('sum{upstream="spare"}')).toBeCloseTo(70.034, 9);
    expect([gap('count{upstream="spare"}'), gap('count{upstream="openai"}')]).toEqual([3, 0]);
  });

  test('is not what a plain answer is', async () => {
    const metrics = metricsFor();
    metrics.subscriber.on(committed({ streamed: false }), call());
    expect(total(await metrics.text(), 'outrigger_streams_active')).toBe(0);
  });
});

describe('what callers choose', () => {
  test('does not let the scrape grow: 10,000 models and agents stay below 20,000 lines', async () => {
    const upstreams = Array.from({ length: 20 }, (_, index) => `upstream-${index}`);
    const routes = upstreams.slice(0, 12).map((upstream) => ({ path: `/${upstream}`, upstream }));
    const metrics = metricsFor({ upstreams, routes });
    for (let index = 0; index < 10_000; index += 1) {
      const name = `${index.toString(36)}-${Math.random().toString(36).slice(2)}`;
      const upstream = upstreams[index % 20]!;
      const one = call({ agent: { name, source: 'header' }, route: `/${name}`, upstream: index % 2 ? upstream : name });
      metrics.subscriber.on(attemptEnded(index % 3 ? upstream : name, { model: name, usage: usage(1) }), one);
      metrics.subscriber.on({ kind: 'fallback', attempt: 1, from: name, to: `${name}/m`, reason: 'overloaded' }, one);
      metrics.subscriber.on({ kind: 'fault-injected', attempt: 1, upstream: name, fault: name }, one);
      metrics.subscriber.on({ kind: 'loop-detected', attempt: 0, loop: name, action: 'warn', count: 3, tool: name }, one);
      metrics.subscriber.on({ kind: 'agent-paused', attempt: 0, agent: name, reason: name }, one);
      metrics.subscriber.on(callEnded('ok'), one);
    }
    const text = await metrics.text();
    expect(text.split('\n').length).toBeLessThan(20_000);
    expect(total(text, 'outrigger_requests_total')).toBe(10_000);
    expect(total(text, 'outrigger_agent_requests_total')).toBe(10_000);
    expect(total(text, 'outrigger_llm_tokens_total')).toBe(50_000);
    expect(samples(text).get('outrigger_label_overflow_total{label="model"}')).toBe(10_000 - 40);
    if (promtool) expect(check(text).status).toBe(0);
  });

  test('keeps the names that are configured, however many strangers came before', async () => {
    const metrics = metricsFor({ agents: ['planner'], models: ['gpt-5'], bounds: { agents: 2, models: 1, tools: 1 } });
    for (const name of ['a', 'b', 'c', 'planner']) {
      metrics.subscriber.on(attemptEnded('openai', { model: name === 'planner' ? 'gpt-5' : name, usage: usage(1) }), call());
      metrics.subscriber.on(callEnded('ok'), call({ agent: { name, source: 'header' } }));
    }
    const found = samples(await metrics.text());
    expect(found.get('outrigger_agent_requests_total{agent="planner",outcome="ok"}')).toBe(1);
    expect(found.get('outrigger_agent_requests_total{agent="other",outcome="ok"}')).toBe(3);
    expect(found.get('outrigger_llm_tokens_total{upstream="openai",model="gpt-5",kind="input"}')).toBe(1);
  });

  test('shows no key that somebody gave as the name of a model', async () => {
    const metrics = metricsFor();
    metrics.subscriber.on(attemptEnded('openai', { model: 'sk-proj-canary0123456789', usage: usage(1) }), call());
    expect(await metrics.text()).not.toContain('canary');
  });
});

describe('what policies tell', () => {
  const at = async (metrics: ReturnType<typeof metricsFor>, sample: string) => samples(await metrics.text()).get(`outrigger_${sample}`);

  test('counts where it belongs', async () => {
    const metrics = metricsFor();
    const on = metrics.subscriber.on.bind(metrics.subscriber);
    const upstream = 'openai';
    on({ kind: 'retry', attempt: 1, upstream, reason: 'overloaded', waitMs: 300, source: 'retry-after' }, call());
    on({ kind: 'retry-given-up', attempt: 2, upstream, reason: 'overloaded', why: 'budget' }, call());
    on({ kind: 'socket-resent', attempt: 1, upstream }, call());
    on({ kind: 'timeout', attempt: 1, upstream, phase: 'firstByte', afterMs: 100 }, call());
    on({ kind: 'circuit-refused', attempt: 1, upstream, retryAfterMs: 5 }, call());
    on({ kind: 'bulkhead-waited', attempt: 1, upstream, waitMs: 20 }, call());
    on({ kind: 'bulkhead-rejected', attempt: 1, upstream, reason: 'wait' }, call());
    on({ kind: 'target-skipped', attempt: 1, upstream, why: 'open' }, call());
    on({ kind: 'fallback-exhausted', attempt: 1, upstream, reason: 'overloaded' }, call());
    on({ kind: 'stream-broken', attempt: 1, upstream, verdict: 'network' }, call());
    on({ kind: 'cache', attempt: 0, result: 'stale' }, call());
    on({ kind: 'degraded', attempt: 0, reason: 'overloaded', message: 'sentence' }, call());
    on({ kind: 'prompt-adjusted', attempt: 2, adjustment: 'simplify' }, call());
    on({ kind: 'config-reloaded', attempt: 0, result: 'rejected', problems: 2 }, undefined);
    on({ kind: 'bug', attempt: 1, error: new Error('x') }, call());
    on({ kind: 'would', attempt: 1, event: { kind: 'circuit-refused', attempt: 1, upstream, retryAfterMs: 5 } }, call());
    const text = await metrics.text();
    const found = samples(text);
    expect({
      retries: found.get('outrigger_retries_total{upstream="openai",reason="overloaded"}'),
      waited: found.get('outrigger_retry_wait_seconds_sum{upstream="openai",source="retry-after"}'),
      givenUp: found.get('outrigger_retries_given_up_total{upstream="openai",why="budget"}'),
      resent: found.get('outrigger_socket_resent_total{upstream="openai"}'),
      timeouts: found.get('outrigger_timeouts_total{upstream="openai",phase="firstByte"}'),
      queued: found.get('outrigger_bulkhead_wait_seconds_sum{upstream="openai"}'),
      rejected: found.get('outrigger_bulkhead_rejected_total{upstream="openai",reason="wait"}'),
      skipped: found.get('outrigger_targets_skipped_total{upstream="openai"}'),
      exhausted: found.get('outrigger_fallbacks_exhausted_total{upstream="openai"}'),
      broken: found.get('outrigger_streams_broken_total{upstream="openai"}'),
      stale: found.get('outrigger_cache_requests_total{result="stale"}'),
      fromCache: found.get('outrigger_degraded_total{kind="cache"}'),
      inWords: found.get('outrigger_degraded_total{kind="message"}'),
      adjusted: found.get('outrigger_prompt_adjustments_total{kind="simplify"}'),
      reloads: found.get('outrigger_config_reloads_total{result="rejected"}'),
      bugs: found.get('outrigger_bugs_total'),
      would: found.get('outrigger_would_total{kind="circuit-refused"}'),
    }).toEqual({
      retries: 1,
      waited: 0.3,
      givenUp: 1,
      resent: 1,
      timeouts: 1,
      queued: 0.02,
      rejected: 1,
      skipped: 1,
      exhausted: 1,
      broken: 1,
      stale: 1,
      fromCache: 1,
      inWords: 1,
      adjusted: 1,
      reloads: 1,
      bugs: 1,
      would: 1,
    });
    // The one that was real; what would have been is told apart.
    expect(total(text, 'outrigger_circuit_refused_total')).toBe(1);
  });

  test('shows the state of a circuit and counts its changes', async () => {
    const metrics = metricsFor();
    const change = { kind: 'circuit', attempt: 1, upstream: 'openai', why: 'five failures in a row' } as const;
    metrics.subscriber.on({ ...change, from: 'closed', to: 'open' }, call());
    expect(await at(metrics, 'circuit_state{upstream="openai"}')).toBe(2);
    metrics.subscriber.on({ ...change, from: 'open', to: 'half-open' }, undefined);
    expect(await at(metrics, 'circuit_state{upstream="openai"}')).toBe(1);
    expect(await at(metrics, 'circuit_transitions_total{upstream="openai",to="open"}')).toBe(1);
    expect(await at(metrics, 'circuit_state{upstream="spare"}')).toBe(0);
  });

  test('pauses and resumes an agent by name, and counts those that share other', async () => {
    const metrics = metricsFor({ bounds: { agents: 2, models: 1, tools: 1 } });
    const pause = (agent: string) => metrics.subscriber.on({ kind: 'agent-paused', attempt: 0, agent, reason: 'loop' }, call());
    const resume = (agent: string) => metrics.subscriber.on({ kind: 'agent-resumed', attempt: 0, agent, note: '' }, undefined);
    for (const agent of ['planner', 'planner', 'x', 'y']) pause(agent);
    expect(await at(metrics, 'agent_paused{agent="planner"}')).toBe(1);
    expect(await at(metrics, 'agent_paused{agent="other"}')).toBe(2);
    for (const agent of ['planner', 'x']) resume(agent);
    expect(await at(metrics, 'agent_paused{agent="planner"}')).toBe(0);
    expect(await at(metrics, 'agent_paused{agent="other"}')).toBe(1);
  });
});

describe('what is read at a scrape', () => {
  test('is as new as the scrape', async () => {
    let inUse = 3;
    const metrics = metricsFor({
      observe: () => ({
        upstreams: new Map([
          ['openai', { circuit: 'half-open', bulkheadInUse: inUse, bulkheadQueued: 2, bulkheadLimit: 8, retryBudgetUsed: 0.5 }],
        ]),
        journalErrors: new Map([['call-log', 4]]),
        logLinesDropped: 6,
      }),
    });
    const first = samples(await metrics.text());
    expect(first.get('outrigger_circuit_state{upstream="openai"}')).toBe(1);
    expect(first.get('outrigger_bulkhead_in_use{upstream="openai"}')).toBe(3);
    expect(first.get('outrigger_bulkhead_queue_length{upstream="openai"}')).toBe(2);
    expect(first.get('outrigger_bulkhead_limit{upstream="openai"}')).toBe(8);
    expect(first.get('outrigger_retry_budget_used_ratio{upstream="openai"}')).toBe(0.5);
    expect(first.get('outrigger_journal_errors_total{subscriber="call-log"}')).toBe(4);
    expect(first.get('outrigger_log_dropped_total')).toBe(6);
    inUse = 5;
    expect(samples(await metrics.text()).get('outrigger_bulkhead_in_use{upstream="openai"}')).toBe(5);
  });

  test('may fail without taking the counters along', async () => {
    const metrics = metricsFor({
      observe: () => {
        throw new Error('not now');
      },
    });
    metrics.subscriber.on(callEnded('ok'), call());
    expect(total(await metrics.text(), 'outrigger_requests_total')).toBe(1);
  });
});

describe('a new configuration', () => {
  test('puts its upstreams and routes at 0, keeps what was counted, and drops the gauges of those that are gone', async () => {
    const metrics = metricsFor();
    metrics.subscriber.on(callEnded('ok'), call());
    metrics.configure(
      { upstreams: ['spare', 'third'], routes: [{ path: '/third', upstream: 'third' }] },
      { agents: 5, models: 5, tools: 5 },
    );
    const found = samples(await metrics.text());
    expect(found.get('outrigger_requests_total{upstream="third",route="/third",outcome="ok"}')).toBe(0);
    expect(found.get('outrigger_requests_total{upstream="openai",route="/openai",outcome="ok"}')).toBe(1);
    expect(found.has('outrigger_circuit_state{upstream="openai"}')).toBe(false);
    expect(found.get('outrigger_circuit_state{upstream="third"}')).toBe(0);
  });
});

function usage(each: number) {
  return { input: each, output: each, cacheRead: each, cacheWrite: each, reasoning: each };
}
