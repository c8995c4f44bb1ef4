import { expect, test } from 'vitest';
import { ask, post } from './admin/kit.ts';
import { receiver } from './alerts/channels/receiver.ts';
import { sidecar } from './kit/start-sidecar.ts';
import { temporaryDirectory } from './kit/temporary-directory.ts';

const alert = {
  status: 'firing',
  labels: { alertname: 'HighErrorRate', severity: 'critical', upstream: 'openai', job: 'outrigger' },
  annotations: { summary: 'errors above 25%', runbook_url: 'https://wiki.example/errors' },
  startsAt: '2026-11-21T12:00:00Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus:9090/graph',
  fingerprint: '9f8e7d6c5b4a3210',
};

test('alerts of Prometheus become incidents, one each, and end when they are resolved', async () => {
  const { hook, incidents } = await hooked();
  const second = { ...alert, labels: { alertname: 'Watchdog' }, annotations: {}, fingerprint: '2' };
  for (let i = 0; i < 3; i++) expect((await hook({ version: '4', alerts: [alert, second] })).json()).toEqual({ alerts: 2 });
  expect(await incidents()).toMatchObject([
    {
      on: 'alertmanager',
      status: 'firing',
      severity: 'critical',
      upstream: 'openai',
      summary: 'HighErrorRate: errors above 25%',
      count: 3,
    },
    { on: 'alertmanager', status: 'firing', severity: 'medium', summary: 'Watchdog' },
  ]);
  await hook({ version: '4', alerts: [{ ...alert, status: 'resolved' }] });
  expect((await incidents()).map(({ status }) => status)).toEqual(['firing', 'resolved']);
});

test('without a rule on them everybody is told by every channel', async () => {
  const target = await receiver();
  const channels = { hook: { webhook: { url: target.url, secret: 's', allowPrivate: true } } };
  const { hook } = await hooked({ channels });
  await hook({ version: '4', alerts: [alert] });
  await expect.poll(() => target.received.length, { timeout: 10_000 }).toBe(1);
  expect(JSON.parse(target.received[0]!.body)).toMatchObject({ type: 'alert.firing', data: { incidents: [{ on: 'alertmanager' }] } });
});

test('a group of more than 64 KB is taken, and what is none is refused', async () => {
  const { hook, incidents, port } = await hooked();
  const many = Array.from({ length: 300 }, (_, index) => ({ ...alert, fingerprint: String(index) }));
  expect((await hook({ version: '4', alerts: many })).status).toBe(200);
  expect(await incidents()).toHaveLength(300);
  for (const wrong of [{}, [], 'x', { version: '3', alerts: [] }, { version: '4', alerts: [{ status: 'odd' }] }, { version: '4' }]) {
    expect((await hook(wrong)).status, JSON.stringify(wrong)).toBe(400);
  }
  expect((await post(port, '/hooks/alertmanager', JSON.stringify({ version: '4', alerts: [] }))).status).toBe(401);
});

async function hooked(alerts: Record<string, unknown> = {}) {
  const directory = temporaryDirectory();
  const token = 'a-token-of-many-characters';
  const { admin } = await sidecar({
    admin: { listen: '127.0.0.1:0', token },
    state: { dir: directory },
    upstreams: { peer: { url: 'http://127.0.0.1:9', dialect: 'http' } },
    routes: [{ path: '/', upstream: 'peer' }],
    alerts: { groupWait: '0s', ...alerts },
  });
  const authorization = { Authorization: `Bearer ${token}` };
  return {
    port: admin.port,
    hook: (body: unknown) => post(admin.port, '/hooks/alertmanager', JSON.stringify(body), authorization),
    incidents: async () => {
      const { incidents } = (await ask(admin.port, '/api/incidents', authorization)).json() as { incidents: Record<string, unknown>[] };
      return incidents;
    },
  };
}
