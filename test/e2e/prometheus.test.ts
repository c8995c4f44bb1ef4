import { expect, test } from 'vitest';
import type { HttpMessage } from '../kit/http-message.ts';
import { http, ok } from '../kit/http-text.ts';
import { type RawUpstream, rawUpstream } from '../kit/raw-upstream.ts';
import { eventually } from '../kit/timing.ts';
import { type SidecarProcess, startProcess } from '../life/sidecar-process.ts';
import { run } from './program.ts';
import { prometheus } from './prometheus.ts';

/** What is asked of the upstream, how often, and how each call ends. Attempts are what it takes, with three at most. */
const traffic = [
  { path: '/ok', calls: 20, outcome: 'ok', attempts: 1 },
  { path: '/once-overloaded', calls: 7, outcome: 'retried', attempts: 2 },
  { path: '/twice-failed', calls: 4, outcome: 'retried', attempts: 3 },
  { path: '/always-overloaded', calls: 2, outcome: 'upstream-error', attempts: 3 },
  { path: '/missing', calls: 3, outcome: 'client-error', attempts: 1 },
  { path: '/slow', calls: 6, outcome: 'ok', attempts: 1 },
] as const;

const slowMs = 300;

test('Prometheus counts what the agent and the upstream have counted', async () => {
  const upstream = await scriptedUpstream();
  const sidecar = await startSidecar(upstream);
  const server = await prometheus(new URL(sidecar.admin).host);
  expect(await server.number('sum(outrigger_requests_total)')).toBe(0);

  const seen = await makeCalls(sidecar);
  const calls = total(({ calls }) => calls);
  expect(seen.durationsMs).toHaveLength(calls);
  expect(upstream.requests).toHaveLength(total(({ calls, attempts }) => calls * attempts));
  await eventually('all calls are scraped', async () => (await server.number('sum(outrigger_requests_total)')) === calls, 10_000);

  for (const outcome of ['ok', 'retried', 'upstream-error', 'client-error'] as const) {
    const expected = total((one) => (one.outcome === outcome ? one.calls : 0));
    const selector = `outrigger_requests_total{job="sidecar",upstream="peer",route="/",outcome="${outcome}"}`;
    expect([outcome, await server.number(selector)]).toEqual([outcome, expected]);
  }
  for (const outcome of ['timeout', 'refused', 'cancelled', 'degraded']) {
    expect(await server.number(`outrigger_requests_total{upstream="peer",route="/",outcome="${outcome}"}`)).toBe(0);
  }

  // What the upstream has counted.
  expect(await server.number('sum(outrigger_attempts_total{upstream="peer"})')).toBe(upstream.requests.length);
  const answered = countBy(upstream.requests, (request) => verdictOf(request, upstream.requests));
  for (const [verdict, count] of Object.entries(answered)) {
    expect([verdict, await server.number(`outrigger_attempts_total{upstream="peer",verdict="${verdict}"}`)]).toEqual([verdict, count]);
  }
  const retries = await server.query('sum by (reason) (outrigger_retries_total{upstream="peer"}) > 0');
  expect(Object.fromEntries(retries.map(({ labels, value }) => [labels['reason'], value]))).toEqual({
    overloaded: 7 + 4,
    'server-error': 8,
  });
  expect(await server.number('outrigger_retries_given_up_total{upstream="peer",why="attempts"}')).toBe(2);

  // What the agent has counted: bodies, statuses, durations.
  expect(await server.number('outrigger_response_bytes_total{upstream="peer"}')).toBe(seen.bytes);
  expect(await server.number('sum(outrigger_request_duration_seconds_count)')).toBe(calls);
  expect(await server.number('sum(outrigger_request_duration_seconds_bucket{le="+Inf"})')).toBe(calls);
  const slow = total(({ path, calls }) => (path === '/slow' ? calls : 0));
  for (const { labels, value } of await server.query('outrigger_request_duration_seconds_bucket{upstream="peer",route="/"}')) {
    // A call is shorter for the sidecar than for its agent.
    const atLeast = seen.durationsMs.filter((ms) => ms <= Number(labels['le']) * 1000).length;
    expect(value, `le=${labels['le']}`).toBeGreaterThanOrEqual(atLeast);
    if (Number(labels['le']) * 1000 < slowMs) expect(value, `le=${labels['le']}`).toBeLessThanOrEqual(calls - slow);
  }

  // What dashboards ask.
  expect(await server.number('sum(rate(outrigger_requests_total[1m]))')).toBeGreaterThan(0);
  expect(await server.number('sum(increase(outrigger_retries_total{upstream="peer"}[1m]))')).toBeGreaterThan(0);
  const quantile = (share: number) =>
    server.number(`histogram_quantile(${share}, sum by (le) (rate(outrigger_request_duration_seconds_bucket[1m])))`);
  const longestMs = Math.max(...seen.durationsMs);
  expect(await quantile(0.99)).toBeGreaterThan(0.25);
  // The upper bounds of the buckets that it can be in.
  expect(await quantile(0.99)).toBeLessThanOrEqual(
    [0.5, 0.75, 1, 2.5, 5, 7.5, 10].find((bound) => bound * 1000 >= longestMs) ?? Number.NaN,
  );
  expect(await quantile(0.5)).toBeLessThan(await quantile(0.99));
  expect(await server.number('outrigger_inflight_requests{upstream="peer"}')).toBe(0);
  expect(await server.number('outrigger_circuit_state{upstream="peer"}')).toBe(0);
  expect(await server.number('count(outrigger_build_info)')).toBe(1);
  expect(await server.number('process_resident_memory_bytes{job="sidecar"}')).toBeGreaterThan(10_000_000);
  expect(await server.lastError()).toBe('');
});

test('promtool finds nothing to criticise in what is scraped, before calls and after', async () => {
  const sidecar = await startSidecar(await scriptedUpstream());
  for (const when of ['before', 'after']) {
    if (when === 'after') await makeCalls(sidecar);
    const text = await (await fetch(`${sidecar.admin}/metrics`)).text();
    expect(text).toContain('outrigger_requests_total');
    expect(await run('promtool', ['check', 'metrics'], { input: text })).toEqual({ code: 0, stdout: '', stderr: '' });
  }
});

test('promtool would find a metric that is named against the rules', async () => {
  const { code } = await run('promtool', ['check', 'metrics'], { input: '# TYPE wrong counter\nwrong 1\n' });
  expect(code).not.toBe(0);
});

/** Fails by the path, a different number of times for each call. */
async function scriptedUpstream(): Promise<RawUpstream> {
  const upstream: RawUpstream = await rawUpstream(async (connection) => {
    for (;;) {
      const request = await connection.request();
      if (!request?.whole) return;
      const verdict = verdictOf(request, upstream.requests);
      if (request.startLine.startsWith('GET /slow')) await new Promise((resolve) => setTimeout(resolve, slowMs));
      connection.send(answers[verdict]);
    }
  });
  return upstream;
}

const answers = {
  ok: ok('fine'),
  overloaded: http(['HTTP/1.1 503 Service Unavailable', 'Content-Length: 4'], 'busy'),
  'server-error': http(['HTTP/1.1 500 Internal Server Error', 'Content-Length: 6'], 'broken'),
  'client-error': http(['HTTP/1.1 404 Not Found', 'Content-Length: 7'], 'nowhere'),
};

/** How the upstream answers a request: by its path and by how often the same call was made before. */
function verdictOf(request: HttpMessage, all: readonly HttpMessage[]): keyof typeof answers {
  const { startLine } = request;
  const before = all.slice(0, all.indexOf(request)).filter((one) => one.startLine === startLine).length;
  if (startLine.includes('/always-overloaded')) return 'overloaded';
  if (startLine.includes('/once-overloaded')) return before < 1 ? 'overloaded' : 'ok';
  if (startLine.includes('/twice-failed')) return before < 2 ? 'server-error' : 'ok';
  return startLine.includes('/missing') ? 'client-error' : 'ok';
}

function startSidecar({ url }: RawUpstream): Promise<SidecarProcess> {
  const retry = { attempts: 3, backoff: { strategy: 'exponential', base: '1ms', jitter: 'none' }, budget: { ratio: '100%', minimum: 100 } };
  return startProcess({
    upstreams: { peer: { url, dialect: 'http' } },
    routes: [{ path: '/', upstream: 'peer', policy: 'only' }],
    policies: { only: { retry, timeout: {}, circuitBreaker: { failures: 1000, minimum: 1000 }, bulkhead: {} } },
  });
}

/** Makes all the calls, some at a time, each under a query of its own; gives what the agent has seen. */
async function makeCalls({ proxy }: SidecarProcess): Promise<{ durationsMs: number[]; bytes: number }> {
  const durationsMs: number[] = [];
  let bytes = 0;
  for (const { path, calls, outcome } of traffic) {
    await Promise.all(
      Array.from({ length: calls }, async (_, i) => {
        const startedAt = performance.now();
        const response = await fetch(`${proxy}${path}?call=${i}`);
        bytes += (await response.arrayBuffer()).byteLength;
        durationsMs.push(performance.now() - startedAt);
        expect(response.ok).toBe(outcome === 'ok' || outcome === 'retried');
      }),
    );
  }
  return { durationsMs, bytes };
}

function total(numberOf: (one: (typeof traffic)[number]) => number): number {
  return traffic.reduce((sum, one) => sum + numberOf(one), 0);
}

function countBy<T>(all: readonly T[], keyOf: (one: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of all) counts[keyOf(one)] = (counts[keyOf(one)] ?? 0) + 1;
  return counts;
}
