import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadConfigText } from '../../../src/config/load.ts';
import { type Environment, planTelemetry, traceTerms } from '../../../src/telemetry/traces/environment.ts';
import { rawUpstream } from '../../kit/raw-upstream.ts';
import { eventually } from '../../kit/timing.ts';
import { agentParent, behindRoot, traced } from './kit.ts';
import { otlpReceiver } from './otlp-receiver.ts';

afterEach(() => vi.unstubAllEnvs());

function settings(telemetry: object) {
  return loadConfigText(JSON.stringify({ upstreams: { a: { url: 'http://a' } }, routes: [{ path: '/', upstream: 'a' }], telemetry })).config
    .telemetry;
}

const plan = (telemetry: object, env: Environment = {}) => planTelemetry(settings(telemetry), env);

describe('what is exported', () => {
  it('is nothing by default', () => {
    expect(plan({})).toEqual({ traces: undefined, push: undefined, warnings: [] });
  });

  it('is what the configuration asks for, at its address', () => {
    expect(plan({ traces: {} }).traces?.target).toEqual({ url: 'http://127.0.0.1:4318/v1/traces', timeoutMillis: 5000 });
    expect(plan({ traces: { endpoint: 'https://otel.example/base/' } }).traces?.target.url).toBe('https://otel.example/base/v1/traces');
    expect(plan({ metrics: { otlp: { interval: '10s' } } })).toMatchObject({
      traces: undefined,
      push: { target: { url: 'http://127.0.0.1:4318/v1/metrics' }, intervalMs: 10_000 },
    });
  });

  it.each([
    [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }, true, false],
    [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, false, false],
    [{}, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://x' }, true, false],
    [{}, { OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'otlp' }, true, true],
    [{}, { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://x' }, false, true],
    [{ traces: {}, metrics: { otlp: {} } }, { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' }, false, false],
    [{ traces: {}, metrics: { otlp: {} } }, { OTEL_SDK_DISABLED: 'true' }, false, false],
  ])('%j with %j', (telemetry, env, traces, push) => {
    const planned = plan(telemetry, env as Environment);
    expect([planned.traces !== undefined, planned.push !== undefined]).toEqual([traces, push]);
  });

  it('goes where variables say, which the exporter reads by itself', () => {
    expect(plan({ traces: { endpoint: 'http://configured' } }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }).traces?.target).toEqual({
      timeoutMillis: 5000,
    });
    expect(plan({ traces: {} }, { OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '100' }).traces?.target).not.toHaveProperty('timeoutMillis');
  });

  it('warns of what is not supported', () => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_TRACES_SAMPLER: 'jaeger_remote', OTEL_METRICS_EXPORTER: 'prometheus' };
    expect(plan({ traces: {} }, env).warnings.map((warning) => warning.split(':')[0])).toEqual([
      'OTEL_METRICS_EXPORTER',
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      'OTEL_TRACES_SAMPLER',
    ]);
  });

  it.each([
    [{}, { ratio: 0.25, parentBased: true }],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, { ratio: 1, parentBased: false }],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, { ratio: 0, parentBased: true }],
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' },
      { ratio: 0.5, parentBased: false },
    ],
    [
      { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' },
      { ratio: 1, parentBased: true },
    ],
  ])('samples by %j', (env, head) => {
    expect(traceTerms(settings({ traces: { sample: '25%' } }), env as Environment).head).toEqual(head);
  });
});

describe('a sidecar', () => {
  it('says who it is, and sends the headers that variables give', async () => {
    vi.stubEnv('OTEL_SERVICE_NAME', 'my-sidecar');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test,service.name=other');
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=seven');
    const it = await traced(behindRoot(await rawUpstream()));
    await it.ask(['GET / HTTP/1.1', `traceparent: ${agentParent}`]);
    await it.spans();
    expect(it.receiver.resources[0]).toMatchObject({ 'service.name': 'my-sidecar', 'deployment.environment.name': 'test' });
    expect(it.receiver.requests[0]?.headers['x-tenant']).toBe('seven');
  });

  it('sends a batch as soon as it is full, and what is left of the last one when it drains', async () => {
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '60000');
    vi.stubEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '4');
    const it = await traced(behindRoot(await rawUpstream()));
    for (let i = 0; i < 4; i += 1) await it.ask(['GET / HTTP/1.1', `traceparent: ${agentParent}`]);
    await eventually('both have come', () => it.receiver.spans.length === 8);
    expect(it.receiver.requests).toHaveLength(2);
    await it.ask(['GET / HTTP/1.1', `traceparent: ${agentParent}`]);
    expect(await it.spans()).toHaveLength(10);
    expect(it.receiver.requests).toHaveLength(3);
  });

  it('sends no more spans at a time than it may', async () => {
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '60000');
    vi.stubEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '3');
    const it = await traced(behindRoot(await rawUpstream()));
    for (let i = 0; i < 2; i += 1) await it.ask(['GET / HTTP/1.1', `traceparent: ${agentParent}`]);
    await eventually('the first has come', () => it.receiver.spans.length === 2);
    expect(await it.spans()).toHaveLength(4);
    expect(it.receiver.requests).toHaveLength(2);
  });

  it('pushes the numbers that it shows on /metrics, the last ones when it drains', async () => {
    vi.stubEnv('OTEL_METRIC_EXPORT_INTERVAL', '50');
    const receiver = await otlpReceiver();
    const it = await traced(behindRoot(await rawUpstream()), { metrics: { otlp: { endpoint: receiver.url } } });
    await eventually('the first push has come', () => receiver.metrics.has('outrigger_requests_total'));
    for (let i = 0; i < 3; i += 1) await it.ask(['GET / HTTP/1.1']);
    await it.spans();
    expect(receiver.metrics.get('outrigger_requests_total')).toBe(3);
    expect(receiver.metrics.get('outrigger_request_duration_seconds')).toBe(3);
    expect(receiver.metrics.get('outrigger_inflight_requests')).toBe(0);
    expect(receiver.resources[0]).toMatchObject({ 'service.name': 'outrigger' });
  });

  it("hands the agent's baggage on to the hosts that are listed", async () => {
    const [near, far] = [await rawUpstream(), await rawUpstream()];
    const config = {
      upstreams: { near: { url: near.url, dialect: 'http' }, far: { url: far.url, dialect: 'http' } },
      routes: [
        { path: '/near', upstream: 'near' },
        { path: '/far', upstream: 'far' },
      ],
    };
    const it = await traced(config, { traces: { baggage: [`127.0.0.1:${near.port}`] } });
    for (const path of ['near', 'far']) await it.ask([`GET /${path} HTTP/1.1`, 'baggage: user=7']);
    expect(near.received).toContain('baggage: user=7');
    expect(far.received).not.toContain('baggage');
  });
});
