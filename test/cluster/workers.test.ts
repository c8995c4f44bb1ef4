import { expect, it } from 'vitest';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { eventually } from '../kit/timing.ts';
import { scratch, startProcess } from '../life/sidecar-process.ts';
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

it('is one process with one worker', async () => {
  const sidecar = await startProcess({ ...configFor(await rawUpstream()), state: { dir: scratch() } }, { flags: ['--workers', '1'] });
  expect((await fetch(sidecar.proxy)).status).toBe(200);
  expect(workerPids(sidecar)).toEqual([]);
});
