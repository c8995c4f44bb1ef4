import { expect, test } from 'vitest';
import { http } from '../kit/http-text.ts';
import { exchange } from '../kit/raw-client.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import { counted, inTurn, json } from '../policies-e2e/kit.ts';
import { metricsFor, samples } from './kit.ts';

test('a new connection is timed, and one that is used again is not', async () => {
  const main = await rawUpstream(inTurn(json('200 OK', {})));
  const product = await sidecar({
    upstreams: { main: { url: main.url, dialect: 'http' }, gone: { url: 'http://127.0.0.1:1', dialect: 'http' } },
    routes: [
      { path: '/main', upstream: 'main' },
      { path: '/gone', upstream: 'gone' },
    ],
  });
  const body = '{}';
  const post = http(['POST /main HTTP/1.1', 'Host: a', `Content-Length: ${body.length}`], body);
  for (const request of [http(['GET /main HTTP/1.1', 'Host: a']), post, http(['GET /gone HTTP/1.1', 'Host: a'])]) {
    await exchange(product.proxy, request);
  }
  const count = await counted(product, 3);
  expect(count('connect_seconds_count{upstream="main"}')).toBe(1);
  expect(count('connect_seconds_sum{upstream="main"}')).toBeGreaterThan(0);
  expect(count('connect_seconds_count{upstream="gone"}')).toBe(0);
});

test('a pause of an agent is timed when it ends', async () => {
  const product = await sidecar({
    upstreams: { main: { url: 'simulated:', dialect: 'openai' } },
    routes: [{ path: '/', upstream: 'main' }],
  });
  const post = (what: string, body: object) =>
    fetch(`http://127.0.0.1:${product.admin.port}/api/agents/planner/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await post('pause', { reason: 'to see' });
  expect((await post('resume', {})).status).toBe(200);
  const count = await counted(product, 0);
  expect(count('agent_pause_seconds_count')).toBe(1);
  expect(count('agent_pause_seconds_bucket{le="10"}')).toBe(1);
});

test('an incident is timed until somebody knows of it and until it is over', async () => {
  const metrics = metricsFor();
  const incident = { kind: 'incident', attempt: 0, id: 'inc_1', on: 'circuit-open', severity: 'high' } as const;
  metrics.subscriber.on({ ...incident, change: 'opened', ms: 0 }, undefined);
  metrics.subscriber.on({ ...incident, change: 'escalated', ms: 100_000 }, undefined);
  metrics.subscriber.on({ ...incident, change: 'acknowledged', ms: 200_000 }, undefined);
  metrics.subscriber.on({ ...incident, change: 'resolved', ms: 5_000_000 }, undefined);
  const found = samples(await metrics.text());
  const sums = ['acknowledged', 'resolved'].map((change) => found.get(`outrigger_incident_seconds_sum{change="${change}"}`));
  expect(sums).toEqual([200, 5000]);
});
