import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { receiver } from '../alerts/channels/receiver.ts';
import { freePort } from '../kit/free-port.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { eventually } from '../kit/timing.ts';
import { startProcess } from '../life/sidecar-process.ts';
import { start } from './program.ts';

const token = 'a-token-of-many-characters';

interface Sent {
  type: string;
  data: { incidents: { status: string; severity: string; summary: string; dedupKey: string; facts: { name: string; value: string }[] }[] };
}

test("Debian's Alertmanager posts what fires and what is over, and both are told once", async () => {
  const sent: Sent[] = [];
  const target = await receiver((response, { body }) => {
    sent.push(JSON.parse(body) as Sent);
    response.end('ok');
  });
  const { admin } = await startProcess({
    admin: { listen: '127.0.0.1:0', token },
    state: { dir: temporaryDirectory() },
    upstreams: { peer: { url: 'http://127.0.0.1:9', dialect: 'http' } },
    routes: [{ path: '/', upstream: 'peer' }],
    alerts: {
      groupWait: '0s',
      groupInterval: '0s',
      channels: { hook: { webhook: { url: target.url, secret: 's', allowPrivate: true } } },
      rules: [{ on: 'alertmanager', send: ['hook'] }],
    },
  });
  const manager = await alertmanager(`${admin}/hooks/alertmanager`);
  const incidents = async () => {
    const response = await fetch(`${admin}/api/incidents`, { headers: { authorization: `Bearer ${token}` } });
    return ((await response.json()) as { incidents: { status: string; count: number; upstream: string }[] }).incidents;
  };

  const alert = {
    labels: { alertname: 'HighErrorRate', severity: 'critical', upstream: 'openai', job: 'outrigger' },
    annotations: { summary: 'errors of openai above 25%' },
    generatorURL: 'http://prometheus.example/graph',
  };
  await manager.post([{ ...alert, startsAt: new Date().toISOString() }]);
  await eventually('the message about what fires', () => sent.length === 1, 20_000);
  const [firing] = sent as [Sent];
  expect(firing).toMatchObject({
    type: 'alert.firing',
    data: { incidents: [{ status: 'firing', severity: 'critical', summary: 'HighErrorRate: errors of openai above 25%' }] },
  });
  expect(firing.data.incidents[0]!.facts).toContainEqual({ name: 'job', value: 'outrigger' });
  // Alertmanager says it again while it lasts.
  await eventually('a second post', async () => (await incidents())[0]!.count > 1, 20_000);

  await manager.post([{ ...alert, endsAt: new Date(Date.now() - 1000).toISOString() }]);
  await eventually('the message about the end', () => sent.length === 2, 20_000);
  expect(sent[1]).toMatchObject({ type: 'alert.resolved', data: { incidents: [{ status: 'resolved' }] } });
  expect(sent[1]!.data.incidents[0]!.dedupKey).toBe(firing.data.incidents[0]!.dedupKey);
  expect(await incidents()).toMatchObject([{ status: 'resolved', upstream: 'openai' }]);
  expect(manager.output()).not.toMatch(/level=(error|warn).*(webhook|notify)/i);
});

/** Alertmanager, which posts to that URL after a second, and again every second. */
async function alertmanager(url: string) {
  const directory = temporaryDirectory();
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(directory, 'alertmanager.yml');
  const webhook = { url, send_resolved: true, http_config: { authorization: { credentials: token } } };
  const route = { receiver: 'outrigger', group_by: ['alertname'], group_wait: '1s', group_interval: '1s', repeat_interval: '1s' };
  writeFileSync(config, JSON.stringify({ route, receivers: [{ name: 'outrigger', webhook_configs: [webhook] }] }));
  const { output } = start('prometheus-alertmanager', [
    `--config.file=${config}`,
    `--storage.path=${join(directory, 'data')}`,
    `--web.listen-address=${address}`,
    '--cluster.listen-address=',
  ]);
  await eventually('Alertmanager is ready', () =>
    fetch(`http://${address}/-/ready`).then(
      (response) => response.ok,
      () => false,
    ),
  );
  return {
    output,
    post: async (alerts: unknown[]) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`http://${address}/api/v2/alerts`, { method: 'POST', headers, body: JSON.stringify(alerts) });
      expect([response.status, await response.text()]).toEqual([200, '']);
    },
  };
}
