import { describe, expect, test } from 'vitest';
import type { CallInfo } from '../../src/core/journal.ts';
import { answered, attemptEnded, call, callEnded, committed, metricsFor, samples, total } from './kit.ts';

const usage = { input: 5, output: 30, cacheRead: 0, cacheWrite: 0, reasoning: 10 };

/** The samples of metrics after these events of one call, without the prefix of their names. */
async function seen(
  events: (on: (event: Parameters<ReturnType<typeof metricsFor>['subscriber']['on']>[0]) => void) => void,
  one: CallInfo,
) {
  const metrics = metricsFor();
  events((event) => metrics.subscriber.on(event, one));
  const found = samples(await metrics.text());
  return (name: string) => found.get(`outrigger_${name}`);
}

describe('a stream', () => {
  test('is measured to its first content and by the tokens that follow in a second', async () => {
    const at = await seen((on) => {
      on(answered('spare', { attempt: 2, model: 'gpt-5', ms: 400 }));
      on(committed({ attempt: 2, ms: 600, streamed: true }));
      on(attemptEnded('spare', { attempt: 2, model: 'gpt-5', ms: 2400, usage }));
      on(callEnded('fell-back'));
    }, call());
    expect(at('stream_ttft_seconds_sum{upstream="spare",model="gpt-5"}')).toBe(0.6);
    expect(at('stream_output_tokens_per_second_sum{upstream="spare",model="gpt-5"}')).toBe(20);
  });

  test('that broke off tells of no speed, and a plain answer of none of both', async () => {
    const at = await seen((on) => {
      on(answered('openai', { model: 'gpt-5', ms: 400 }));
      on(committed({ streamed: true }));
      on(attemptEnded('openai', { model: 'gpt-5', ms: 2400, usage, complete: false }));
      on(callEnded('upstream-error'));
    }, call());
    expect(at('stream_output_tokens_per_second_count{upstream="openai",model="gpt-5"}')).toBe(0);
    const plain = await seen((on) => {
      on(answered('openai', { model: 'gpt-5', ms: 400 }));
      on(committed({ streamed: false }));
      on(attemptEnded('openai', { model: 'gpt-5', ms: 2400, usage }));
    }, call());
    expect(plain('stream_ttft_seconds_count{upstream="openai",model="gpt-5"}')).toBe(0);
    expect(plain('stream_output_tokens_per_second_count{upstream="openai",model="gpt-5"}')).toBe(0);
  });
});

describe('a WebSocket', () => {
  test('is open from its 101 until it has ended, and is no stream of a model', async () => {
    const metrics = metricsFor();
    const one = call();
    const open = async () => samples(await metrics.text()).get('outrigger_websocket_connections{upstream="openai"}');
    metrics.subscriber.on(answered('openai', { status: 101, model: 'gpt-5' }), one);
    metrics.subscriber.on(committed({ status: 101, streamed: true }), one);
    expect(await open()).toBe(1);
    metrics.subscriber.on(attemptEnded('openai'), one);
    expect(await open()).toBe(0);
    expect(total(await metrics.text(), 'outrigger_stream_ttft_seconds_count')).toBe(0);
  });
});

describe('a call of a tool', () => {
  const asked = { kind: 'tool', repeatable: false, stateful: false, tool: 'search' } as const;

  test.each([
    ['ok', 'ok'],
    ['tool-error', 'tool-error'],
    ['server-error', 'failed'],
    ['cancelled', 'cancelled'],
  ] as const)('that ended as %s counts as %s and is timed', async (verdict, outcome) => {
    const at = await seen((on) => on(attemptEnded('openai', { verdict, ms: 250 })), call({ asked }));
    expect(at(`tool_calls_total{tool="search",outcome="${outcome}"}`)).toBe(1);
    expect(at('tool_duration_seconds_sum{upstream="openai"}')).toBe(0.25);
  });

  test('that we refused is counted and not timed', async () => {
    const refused = { kind: 'attempt-answered', attempt: 1, upstream: 'openai', verdict: 'refused', origin: 'ourselves', ms: 0 } as const;
    const at = await seen((on) => on(refused), call({ asked }));
    expect(at('tool_calls_total{tool="search",outcome="refused"}')).toBe(1);
    expect(at('tool_duration_seconds_count{upstream="openai"}')).toBe(0);
  });
});

test('bodies are counted by size, and their sums are the bytes of the counters', async () => {
  const metrics = metricsFor();
  for (const bytes of [100, 5000]) metrics.subscriber.on(callEnded('ok', { requestBytes: bytes, responseBytes: 2 * bytes }), call());
  const text = await metrics.text();
  const found = samples(text);
  expect(found.get('outrigger_request_body_bytes_bucket{route="/openai",le="1024"}')).toBe(1);
  expect(total(text, 'outrigger_request_body_bytes_sum')).toBe(total(text, 'outrigger_request_bytes_total'));
  expect(total(text, 'outrigger_response_body_bytes_sum')).toBe(total(text, 'outrigger_response_bytes_total'));
});

test('moves to other targets are counted for each call, calls without one among them', async () => {
  const metrics = metricsFor();
  const moves = [2, 0, 1];
  const calls = moves.map((_, index) => call({ id: String(index) }));
  for (const [index, one] of calls.entries()) {
    for (let move = 0; move < moves[index]!; move += 1) {
      metrics.subscriber.on({ kind: 'fallback', attempt: 1, from: 'openai', to: 'spare', reason: 'overloaded' }, one);
    }
  }
  for (const one of calls) metrics.subscriber.on(callEnded('fell-back'), one);
  const found = samples(await metrics.text());
  expect(['0', '1', '2'].map((le) => found.get(`outrigger_fallback_depth_bucket{le="${le}"}`))).toEqual([1, 2, 3]);
});

test('a pause is told by who made it, and those of before the start are no news', async () => {
  const metrics = metricsFor();
  metrics.alreadyPaused(['old']);
  metrics.subscriber.on({ kind: 'agent-paused', attempt: 0, agent: 'a', reason: 'x' }, call());
  metrics.subscriber.on({ kind: 'agent-paused', attempt: 0, agent: 'b', reason: 'x' }, undefined);
  metrics.subscriber.on({ kind: 'agent-resumed', attempt: 0, agent: 'b', note: '' }, undefined);
  const found = samples(await metrics.text());
  const paused = ['old', 'a', 'b'].map((agent) => found.get(`outrigger_agent_paused{agent="${agent}"}`));
  expect(paused).toEqual([1, 1, 0]);
  const made = ['pause",actor="auto', 'pause",actor="human', 'resume",actor="human', 'resume",actor="auto'];
  expect(made.map((labels) => found.get(`outrigger_agent_interventions_total{kind="${labels}"}`))).toEqual([1, 1, 1, 0]);
});

test('what is read at a scrape stands in it', async () => {
  const metrics = metricsFor({
    observe: () => ({
      upstreams: new Map([['openai', { circuitFailureRatio: 0.4 }]]),
      connections: new Map([
        ['openai', 3],
        ['gone', 1],
      ]),
      cache: { entries: 2, bytes: 900, evicted: 4 },
      agents: { running: 7, paused: 1 },
      liveJournal: { clients: 1, dropped: 9 },
      config: { hash: 'abc123', appliedAtMs: 1_700_000_000_000 },
      health: new Map([
        ['overall', 2],
        ['latency', 1],
      ]),
      disk: { freeBytes: 10, sizeBytes: 40 },
      loopUtilization: 0.5,
    }),
  });
  const found = samples(await metrics.text());
  expect(Object.fromEntries([...found].filter(([name]) => expected.has(name)))).toEqual(Object.fromEntries(expected));
  expect([...found.keys()].filter((name) => name.includes('"gone"') || name.includes('hash="none"'))).toEqual([]);
});

const expected = new Map([
  ['outrigger_circuit_failure_ratio{upstream="openai"}', 0.4],
  ['outrigger_upstream_connections{upstream="openai"}', 3],
  ['outrigger_cache_entries', 2],
  ['outrigger_cache_bytes', 900],
  ['outrigger_cache_evictions_total', 4],
  ['outrigger_agents{state="running"}', 7],
  ['outrigger_agents{state="paused"}', 1],
  ['outrigger_event_stream_clients', 1],
  ['outrigger_event_stream_dropped_total', 9],
  ['outrigger_config_info{hash="abc123"}', 1],
  ['outrigger_config_last_reload_timestamp_seconds', 1_700_000_000],
  ['outrigger_health_status{check="overall"}', 2],
  ['outrigger_health_status{check="latency"}', 1],
  ['outrigger_disk_free_bytes', 10],
  ['outrigger_disk_size_bytes', 40],
  ['outrigger_event_loop_utilization_ratio', 0.5],
]);

test('the age of stored answers and the length of loops are distributions', async () => {
  const at = await seen((on) => {
    on({ kind: 'cache', attempt: 0, result: 'hit', ageMs: 30_000 });
    on({ kind: 'cache', attempt: 0, result: 'miss' });
    on({ kind: 'loop-detected', attempt: 0, loop: 'repeat', action: 'warn', count: 6 });
  }, call());
  expect([at('cache_age_seconds_sum'), at('cache_age_seconds_count')]).toEqual([30, 1]);
  expect(['5', '7'].map((le) => at(`loop_repeats_bucket{le="${le}"}`))).toEqual([0, 1]);
});
