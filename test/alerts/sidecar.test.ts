import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfigText } from '../../src/config/load.ts';
import type { Sidecar } from '../../src/sidecar.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { receiver } from './channels/receiver.ts';

async function alerted(alerts: (url: string) => Record<string, unknown>, more: Record<string, unknown> = {}) {
  const dir = temporaryDirectory();
  const hook = await receiver();
  const config = {
    state: { dir },
    // Nothing listens at port 1.
    upstreams: { gone: { url: 'http://127.0.0.1:1', dialect: 'openai' } },
    policies: { p: { circuitBreaker: { failures: 2 } } },
    routes: [{ path: '/', upstream: 'gone', policy: 'p' }],
    alerts: {
      groupWait: '0s',
      channels: { hook: { webhook: { url: hook.url, secret: 'secret', allowPrivate: true } } },
      ...alerts(hook.url),
    },
    ...more,
  };
  return { hook, config, running: await sidecar(config) };
}

const onCircuits = () => ({ rules: [{ on: 'circuit-open', severity: 'high', send: ['hook'] }] });

async function call({ proxy }: Sidecar): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${proxy.port}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-outrigger-agent': 'planner' },
    body: '{"model":"m","messages":[]}',
  });
  await response.text();
}

async function api({ admin }: Sidecar, path: string, body?: unknown) {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${admin.port}${path}`, body === undefined ? {} : post);
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) };
}

async function openedIncident(running: Sidecar) {
  await call(running);
  await call(running);
  return expect.poll(async () => (await api(running, '/api/incidents')).json().incidents.length, { timeout: 5000 }).toBe(1);
}

describe('a sidecar with alerts', () => {
  it('posts an open circuit to a webhook, lists it, and takes an acknowledgement and its end by API', async () => {
    const { hook, running } = await alerted(onCircuits);
    await openedIncident(running);
    await expect.poll(() => hook.received.length).toBe(1);
    expect(hook.received[0]?.body).toContain('Circuit open: gone');
    expect((await api(running, '/metrics')).text).toContain('outrigger_open_incidents{severity="high"} 1');
    const [incident] = (await api(running, '/api/incidents')).json().incidents;
    expect(incident).toMatchObject({
      on: 'circuit-open',
      status: 'firing',
      severity: 'high',
      title: 'Circuit open: gone',
      upstream: 'gone',
    });

    const acknowledged = await api(running, `/api/incidents/${incident.id}/ack`, { by: 'ann' });
    expect([acknowledged.status, acknowledged.json()]).toMatchObject([200, { status: 'acknowledged', by: 'ann' }]);
    await expect.poll(() => hook.received.length).toBe(2);
    const resolved = await api(running, `/api/incidents/${incident.id}/resolve`, { by: 'ann', note: 'restarted it' });
    expect(resolved.json()).toMatchObject({ status: 'resolved' });
    const late = await api(running, `/api/incidents/${incident.id}/ack`, { by: 'bob' });
    expect(late.json()).toMatchObject({ status: 'resolved', by: 'ann' });
    await expect.poll(() => hook.received.length).toBe(3);

    const metrics = (await api(running, '/metrics')).text;
    expect(metrics).toContain('outrigger_alerts_total{channel="hook",result="ok"} 3');
    expect(metrics).toContain('outrigger_open_incidents{severity="high"} 0');
  });

  it('reports an incident as JSON and as Markdown', async () => {
    const { running } = await alerted(onCircuits);
    await openedIncident(running);
    const [{ id }] = (await api(running, '/api/incidents')).json().incidents;
    // The example is the call that opened it, and its ledger is whole when that has ended.
    await call(running);
    const report = (await api(running, `/api/incidents/${id}`)).json();
    const evidence = Object.fromEntries(report.evidence.map(({ name, value }: { name: string; value: string }) => [name, value]));
    expect(evidence).toMatchObject({ upstream: 'gone', agent: 'planner', route: '/' });
    expect(evidence.ledger).toContain('gone');
    expect(report.timeline[0]).toMatchObject({ what: 'opened' });
    expect(report.recommendation).toContain('status page');
    expect(report.done[0]).toContain('opened the circuit');
    const { text } = await api(running, `/api/incidents/${id}/report`);
    for (const part of ['# `Circuit open: gone`', '## Evidence', '## What the sidecar did', '## What to do', '## Timeline', id])
      expect(text).toContain(part);
  });

  it('keeps quiet about what is silenced, and says what a wrong silence lacks', async () => {
    const { hook, running } = await alerted(onCircuits);
    expect((await api(running, '/api/silences', { match: {}, for: '1h' })).status).toBe(400);
    expect((await api(running, '/api/silences', { match: { upstream: 'gone' }, for: '5' })).text).toContain('for: expected a duration');
    const made = await api(running, '/api/silences', { match: { upstream: 'go*' }, for: '1h', by: 'ann' });
    expect(made.status).toBe(201);
    await openedIncident(running);
    await expect.poll(async () => (await api(running, '/api/incidents')).json().incidents[0].held).toContain(made.json().id);
    expect(hook.received).toEqual([]);
    expect((await api(running, `/api/silences/${made.json().id}/remove`, {})).status).toBe(200);
    expect((await api(running, '/api/silences')).json()).toEqual({ silences: [] });
    expect((await api(running, '/api/incidents/none/ack', {})).status).toBe(404);
  });

  it('knows its incidents after a restart', async () => {
    const { config, running } = await alerted(onCircuits);
    await openedIncident(running);
    const [{ id }] = (await api(running, '/api/incidents')).json().incidents;
    await running.stop();
    const again = await sidecar(config);
    expect((await api(again, '/api/incidents')).json().incidents).toMatchObject([{ id, status: 'firing' }]);
  });

  it('goes on from memory beside another one with its directory, and its report of health says so', async () => {
    const { config, hook } = await alerted(onCircuits);
    const second = await sidecar(config);
    await openedIncident(second);
    await expect.poll(() => hook.received.length).toBe(1);
    const { status, checks } = (await api(second, '/api/health')).json();
    const check = checks.find(({ name }: { name: string }) => name === 'alert-store');
    expect(check).toMatchObject({ status: 'warning', value: 1 });
    expect(check.detail).toContain('another sidecar has');
    expect(status).not.toBe('healthy');
  });

  it('takes other rules while it runs, and lets all go when there are none any more', async () => {
    const { config, hook, running } = await alerted(() => ({ rules: [{ on: 'agent-paused', send: ['hook'] }] }));
    const reload = (alerts: unknown) => {
      const text = JSON.stringify({ listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, ...config, alerts });
      running.reload({ ok: true, ...loadConfigText(text) });
    };
    reload({ ...config.alerts, ...onCircuits() });
    await openedIncident(running);
    await expect.poll(() => hook.received.length).toBe(1);
    reload(undefined);
    await expect.poll(async () => (await api(running, '/api/incidents')).json()).toEqual({ incidents: [] });
    reload({ ...config.alerts, ...onCircuits() });
    await expect.poll(async () => (await api(running, '/api/incidents')).json().incidents.length).toBe(1);
  });

  it('opens an incident when its health turns critical, and resolves it when it is healthy again', async () => {
    const rules = [{ on: 'health', send: ['hook'] }];
    const { hook, config, running } = await alerted(() => ({ rules }), { health: { breakers: { warning: 1, critical: 1 } } });
    await openedIncident(running);
    await expect.poll(() => hook.received.length).toBe(1);
    expect(hook.received[0]?.body).toContain('breakers is critical: 1 circuits');
    const health = { breakers: { warning: 2, critical: 2 } };
    const text = JSON.stringify({ listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, ...config, health });
    running.reload({ ok: true, ...loadConfigText(text) });
    await expect.poll(async () => (await api(running, '/api/incidents')).json().incidents[0].status, { timeout: 5000 }).toBe('resolved');
  });

  it('tells of its incidents in the journal', async () => {
    const { running } = await alerted(onCircuits);
    const events = await fetch(`http://127.0.0.1:${running.admin.port}/api/events`);
    const reader = events.body!.getReader();
    onTestFinished(() => reader.cancel());
    await openedIncident(running);
    let text = '';
    while (!text.includes('"opened"')) text += new TextDecoder().decode((await reader.read()).value);
    expect(text).toContain('circuit-open');
  });
});

it('the page of alerts has a configuration that is valid and says nothing in vain', () => {
  const page = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  expect(example).toContain('escalation');
  const { warnings, config } = loadConfigText(example, {
    environment: { SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T/B/x', HOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
    directory: '/',
  });
  expect(warnings).toEqual([]);
  expect(config.alerts?.rules.length).toBeGreaterThan(5);
});
