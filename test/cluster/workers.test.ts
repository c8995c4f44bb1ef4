import { expect, it } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { http, ok as okay } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually } from '../kit/timing.ts';
import { startProcess } from '../life/sidecar-process.ts';
import { samples, total } from '../telemetry/kit.ts';
import { admin, startWorkers, workerPids } from './kit.ts';

function configFor({ url }: { url: string }, more: Record<string, unknown> = {}) {
  return { upstreams: { peer: { url, dialect: 'http' } }, routes: [{ path: '/', upstream: 'peer' }], ...more };
}

const ok = 'outrigger_requests_total{upstream="peer",route="/",outcome="ok"}';

it('serves calls by every worker, and a scrape has all calls before it', async () => {
  const sidecar = await startWorkers(configFor(await rawUpstream()));
  const [one, other] = sidecar.clients;
  const before = samples(await admin(sidecar, '/metrics')).get(ok) ?? 0;
  for (let round = 1; round <= 20; round += 1) {
    const client = round % 2 === 0 ? one : other;
    expect((await client!.get('/x')).status).toBe(200);
    const text = await admin(sidecar, '/metrics');
    expect(samples(text).get(ok)).toBe(before + round);
    expect(total(text, 'outrigger_request_duration_seconds_count')).toBe(before + round);
    expect(total(text, 'outrigger_inflight_requests')).toBe(0);
  }
});

it('shows an agent as one, whichever workers it has called', async () => {
  const sidecar = await startWorkers(configFor(await rawUpstream()));
  for (const client of [...sidecar.clients, ...sidecar.clients]) await client.get('/@planner/x');
  const { agents } = JSON.parse(await admin(sidecar, '/api/agents/planner')) as { agents: unknown[] };
  expect(agents).toMatchObject([{ name: 'planner', requests: 4, outcomes: { ok: 4 } }]);
});

it('shows what is under way in all workers', async () => {
  const upstream = await rawUpstream(async (connection) => {
    for (let request = await connection.request(); request?.startLine.includes(' / '); request = await connection.request()) {
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    }
  });
  const sidecar = await startWorkers(
    configFor(upstream, { policies: { p: { bulkhead: {} } }, routes: [{ path: '/', upstream: 'peer', policy: 'p' }] }),
  );
  for (const client of sidecar.clients) void client.get('/open').catch(() => undefined);
  await eventually('both calls are under way', async () => total(await admin(sidecar, '/metrics'), 'outrigger_bulkhead_in_use') === 2);
  const text = await admin(sidecar, '/metrics');
  expect(total(text, 'outrigger_inflight_requests')).toBe(2);
  expect(total(text, 'outrigger_bulkhead_limit')).toBe(256);
  expect(total(text, 'outrigger_upstream_connections')).toBeGreaterThanOrEqual(2);
  expect(JSON.parse(await admin(sidecar, '/api/upstreams'))).toMatchObject([{ name: 'peer', bulkheadInUse: 2 }]);
});

it('shows the least that any worker has been told is left of a rate limit', async () => {
  const told = (left: number) => okay('', 'x-ratelimit-limit-tokens: 100', `x-ratelimit-remaining-tokens: ${left}`);
  const upstream = await rawUpstream(answer(({ startLine }) => told(startLine.includes('/little') ? 7 : 90)));
  const sidecar = await startWorkers(configFor(upstream));
  await sidecar.clients[0]!.get('/little');
  await sidecar.clients[1]!.get('/much');
  const found = samples(await admin(sidecar, '/metrics'));
  const of = (name: string) => found.get(`outrigger_upstream_rate_limit${name}{upstream="peer",kind="tokens"}`);
  expect([of(''), of('_remaining')]).toEqual([100, 7]);
});

it('shares the places of a bulkhead out', async () => {
  const policies = { p: { bulkhead: { concurrent: 5, queue: 0 } } };
  const routes = [{ path: '/', upstream: 'peer', policy: 'p' }];
  const sidecar = await startWorkers(configFor(await rawUpstream(), { policies, routes }));
  const stacks = JSON.parse(await admin(sidecar, '/api/policies')) as { worker: number; policies: { name: string; state: unknown }[] }[];
  const places = stacks.flatMap(({ worker, policies: all }) =>
    all.filter(({ name }) => name === 'bulkhead').map(({ state }) => [worker, state]),
  );
  expect(places).toMatchObject([
    [0, { limit: 3, queueLimit: 0 }],
    [1, { limit: 2, queueLimit: 0 }],
  ]);
});

it('tells who reads along what happens in any worker', async () => {
  const sidecar = await startWorkers(configFor(await rawUpstream()));
  const response = await fetch(`${sidecar.admin}/api/events?kind=call-ended`);
  for (const [worker, client] of sidecar.clients.entries()) await client.get(`/@agent${worker}/x`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('agent0') || !text.includes('agent1')) text += (await reader.read()).value ?? '';
  expect(text).toContain('"kind":"call-ended"');
  await reader.cancel();
});

it('tells alerts and health what goes wrong in any worker', async () => {
  const told: string[] = [];
  const hook = await rawUpstream(
    answer(({ body }) => {
      told.push(body);
      return okay();
    }),
  );
  const upstream = await rawUpstream(answer(http(['HTTP/1.1 500 Broken', 'Content-Length: 0'])));
  const alerts = {
    groupWait: '0s',
    channels: { hook: { webhook: { url: hook.url, secret: 'a secret of the test', allowPrivate: true } } },
    rules: [
      { on: 'circuit-open', severity: 'high', send: ['hook'] },
      { on: 'error-rate', above: '20%', for: '10s', minimum: 4, severity: 'critical', send: ['hook'] },
    ],
  };
  const policies = { p: { circuitBreaker: { failures: 5 } } };
  const sidecar = await startWorkers({
    ...configFor(upstream, { policies, alerts, health: { minimum: 4 } }),
    routes: [{ path: '/', upstream: 'peer', policy: 'p' }],
  });
  for (let round = 0; round < 8; round += 1) for (const client of sidecar.clients) await client.get('/x');
  // One of them may keep the other from being sent as well.
  await eventually('both rules have opened an incident', async () => {
    const incidents = await admin(sidecar, '/api/incidents');
    return incidents.includes('failures in a row') && incidents.includes('"on":"error-rate"');
  });
  await eventually('a message was sent', () => told.length > 0);
  const { checks } = JSON.parse(await admin(sidecar, '/api/health')) as { checks: { name: string; status: string; value: unknown }[] };
  expect(checks.find(({ name }) => name === 'error-rate')).toMatchObject({ status: 'critical', value: 1 });
});

it('breaks a call off that goes in a circle through several workers', async () => {
  const port = await freePort();
  const config = configFor({ url: `http://127.0.0.1:${port}` }, { listen: `127.0.0.1:${port}`, limits: { connections: 500 } });
  const sidecar = await startProcess({ ...config, state: { dir: temporaryDirectory() } }, { flags: ['--workers', '2'] });
  const { status } = await fetch(sidecar.proxy);
  expect(status).toBeGreaterThanOrEqual(500);
  expect(total(await admin(sidecar, '/metrics'), 'outrigger_requests_total')).toBeLessThan(200);
});

it('tells what each process takes', async () => {
  const sidecar = await startWorkers(configFor(await rawUpstream()));
  const found = samples(await admin(sidecar, '/metrics'));
  for (const labels of ['', '{worker="0"}', '{worker="1"}'])
    expect(found.get(`process_resident_memory_bytes${labels}`)).toBeGreaterThan(10_000_000);
});

it('is one process with one worker', async () => {
  const sidecar = await startProcess(
    { ...configFor(await rawUpstream()), state: { dir: temporaryDirectory() } },
    { flags: ['--workers', '1'] },
  );
  expect((await fetch(sidecar.proxy)).status).toBe(200);
  expect(workerPids(sidecar)).toEqual([]);
});
