import { describe, expect, test } from 'vitest';
import type { Call } from '../../../src/core/dialect.ts';
import { operationName } from '../../../src/llm/operation-name.ts';
import type { ConventionOptions } from '../../../src/telemetry/conventions/recorder.ts';
import type { Metrics } from '../../../src/telemetry/metrics.ts';
import { answered, attemptEnded, call, callEnded, committed, metricsFor, samples } from '../kit.ts';

const usage = { input: 10, output: 20, cacheRead: 5, cacheWrite: 1, reasoning: 4 };
const chat: Call = { kind: 'llm', api: 'chat', model: 'gpt-5', stream: true, repeatable: true, stateful: false };

function metricsOf(version: ConventionOptions['version'] | undefined): Metrics {
  const servers = new Map([['openai', { address: 'api.openai.com', port: 443, provider: 'openai' }]]);
  return metricsFor({ servers, conventions: version && { version, scheme: 'http', operationOf: operationName } });
}

/** Tells of a streamed call of a model that went well. */
function streamed({ subscriber }: Metrics): void {
  const one = call({ asked: chat });
  subscriber.on(answered('openai', { model: 'gpt-5', ms: 400 }), one);
  subscriber.on(committed({ ms: 500, streamed: true }), one);
  subscriber.on(attemptEnded('openai', { model: 'gpt-5', ms: 2700, usage }), one);
  subscriber.on(callEnded('ok', { ms: 3000 }), one);
}

const model = 'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-5"';
const server = 'server_address="api.openai.com",server_port="443"';

test('a streamed call of a model is told by the names of v1.41', async () => {
  const metrics = metricsOf('v1.41');
  streamed(metrics);
  const found = samples(await metrics.text());
  const told = Object.fromEntries([...found].filter(([name]) => /^(gen_ai|http|mcp)\w*_sum/.test(name)));
  expect(told).toEqual({
    'http_server_request_duration_seconds_sum{http_request_method="POST",http_route="/openai",http_response_status_code="200",url_scheme="http"}': 3,
    [`http_client_request_duration_seconds_sum{http_request_method="POST",${server},http_response_status_code="200"}`]: 2.7,
    [`gen_ai_server_request_duration_seconds_sum{${model}}`]: 3,
    [`gen_ai_server_time_to_first_token_seconds_sum{${model}}`]: 0.5,
    [`gen_ai_server_time_per_output_token_seconds_sum{${model}}`]: 0.1,
    [`gen_ai_client_operation_duration_seconds_sum{${model},${server}}`]: 2.7,
    [`gen_ai_client_operation_time_to_first_chunk_seconds_sum{${model},${server}}`]: 0.4,
    [`gen_ai_client_token_usage_sum{${model},${server},gen_ai_token_type="input"}`]: 16,
    [`gen_ai_client_token_usage_sum{${model},${server},gen_ai_token_type="output"}`]: 24,
  });
});

test('the latest names are those of the repository that the conventions moved to', async () => {
  const metrics = metricsOf('latest');
  streamed(metrics);
  const text = await metrics.text();
  const found = samples(text);
  expect(text).not.toMatch(/gen_ai_client_(operation|token)/);
  expect(found.get(`gen_ai_client_inference_duration_seconds_sum{${model},${server}}`)).toBe(2.7);
  const totals = ['input_tokens', 'output_tokens', 'cache_read_input_tokens', 'cache_write_input_tokens', 'reasoning_output_tokens'];
  expect(totals.map((kind) => found.get(`gen_ai_client_inference_usage_${kind}_total{${model},${server}}`))).toEqual([16, 24, 5, 1, 4]);
});

test('switched off, none of them is there', async () => {
  const metrics = metricsOf(undefined);
  streamed(metrics);
  expect(await metrics.text()).not.toMatch(/^(gen_ai|http_|mcp)/m);
});

describe('what failed', () => {
  test('has its kind of error, and a refusal of ours is no request to an upstream', async () => {
    const metrics = metricsOf('v1.41');
    const one = call({ asked: chat, method: 'BREW' });
    metrics.subscriber.on(answered('openai', { verdict: 'timeout', status: undefined, ms: 100, model: 'gpt-5' }), one);
    metrics.subscriber.on(answered('openai', { attempt: 2, verdict: 'refused', status: undefined, ms: 0 }), one);
    metrics.subscriber.on(callEnded('refused', { status: 503 }), one);
    const found = samples(await metrics.text());
    expect(found.get(`http_client_request_duration_seconds_count{http_request_method="_OTHER",${server},error_type="timeout"}`)).toBe(1);
    const requests = [...found].filter(([name]) => name.startsWith('http_client_request_duration_seconds_count'));
    expect(requests).toHaveLength(1);
    const served = 'http_request_method="_OTHER",http_route="/openai",http_response_status_code="503",url_scheme="http",error_type="503"';
    expect(found.get(`http_server_request_duration_seconds_count{${served}}`)).toBe(1);
  });
});

test('a call of a tool is an operation of MCP', async () => {
  const metrics = metricsOf('v1.41');
  const asked: Call = { kind: 'tool', tool: 'search', repeatable: false, stateful: false };
  const one = call({ asked });
  metrics.subscriber.on(answered('openai'), one);
  metrics.subscriber.on(attemptEnded('openai', { verdict: 'tool-error', ms: 200 }), one);
  metrics.subscriber.on(callEnded('ok', { ms: 300 }), one);
  const found = samples(await metrics.text());
  const tool = 'mcp_method_name="tools/call",gen_ai_tool_name="search"';
  expect(found.get(`mcp_client_operation_duration_seconds_sum{${tool},error_type="tool-error"}`)).toBe(0.2);
  expect(found.get(`mcp_server_operation_duration_seconds_sum{${tool}}`)).toBe(0.3);
});

test('however many values there are, so many series and one for the rest', async () => {
  const metrics = metricsOf('v1.41');
  for (let status = 200; status < 300; status += 1) metrics.subscriber.on(callEnded('ok', { status }), call());
  const counts = [...samples(await metrics.text())].filter(([name]) => name.startsWith('http_server_request_duration_seconds_count'));
  expect(counts).toHaveLength(61);
  expect(counts.find(([name]) => name.includes('otel_metric_overflow="true"'))?.[1]).toBe(40);
});

test('OTLP gets the names as they are, and numbers as numbers', async () => {
  const metrics = metricsOf('v1.41');
  streamed(metrics);
  const { resourceMetrics } = await metrics.producer.collect();
  const [{ metrics: all }] = resourceMetrics.scopeMetrics as [(typeof resourceMetrics.scopeMetrics)[number]];
  const http = all.find(({ descriptor }) => descriptor.name === 'http.server.request.duration')!;
  expect(http.dataPoints[0]!.attributes).toMatchObject({ 'http.response.status_code': 200, 'http.request.method': 'POST' });
});
