import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linkKey } from '../src/alerts/link-key.ts';
import { ask } from './admin/kit.ts';
import { receiver } from './alerts/channels/receiver.ts';
import { sidecar } from './kit/start-sidecar.ts';
import { temporaryDirectory } from './kit/temporary-directory.ts';

const publicUrl = 'https://outrigger.example/side';
const token = 'a-token-of-many-characters';
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

interface Sent {
  type: string;
  data: { incidents: { id: string; status: string; by: string | null; links: Record<string, string> }[] };
}

test('a link shows what it is about to anybody who has it, and acts only when its form is sent', async () => {
  const { get, send, pause, incidents } = await alerting();
  const links = await pause();
  const page = await get(links['acknowledge']!, { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' });
  expect(page.status).toBe(200);
  expect(page.body).toContain('spends &lt;b&gt;too&lt;/b&gt; much');
  expect(page.body).toContain('<form method="post">');
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; .*form-action 'self'/);
  expect(page.headers.get('x-frame-options')).toBe('DENY');
  expect((await get(links['acknowledge']!)).status).toBe(200);
  expect(await incidents()).toMatchObject([{ status: 'firing' }]);

  const acted = await send(links['acknowledge']!, 'name=Anna+%3Cb%3E');
  expect([acted.status, acted.body]).toEqual([200, expect.stringContaining('Acknowledged')]);
  expect(await incidents()).toMatchObject([{ status: 'acknowledged', by: 'Anna <b>, by a link' }]);
});

test('a link acts once, and not on what has come since', async () => {
  const { get, send, pause, resume, incidents } = await alerting();
  const links = await pause();
  await send(links['acknowledge']!, 'name=anna');
  const again = await send(links['acknowledge']!, 'name=mallory');
  expect([again.status, again.body]).toEqual([200, expect.stringContaining('acknowledged already by anna')]);
  expect(again.body).not.toContain('<form');
  await send(links['resolve']!, 'name=anna');
  // Acknowledging what is over must not bring it back.
  expect((await send(links['acknowledge']!, '')).body).toContain('It is over: resolved by anna');
  expect(await incidents()).toMatchObject([{ status: 'resolved' }]);

  await resume();
  const later = await pause();
  expect(await incidents()).toMatchObject([{ status: 'firing' }]);
  for (const action of ['show', 'acknowledge', 'resolve', 'resume']) {
    const old = links[action === 'show' ? 'incident' : action]!;
    expect([(await get(old)).status, (await send(old, '')).status], action).toEqual([410, 410]);
  }
  expect(await incidents()).toMatchObject([{ status: 'firing' }]);
  expect((await get(later['acknowledge']!)).status).toBe(200);
});

test('the link of a paused agent lets it go on, once', async () => {
  const { send, pause, agentState, incidents, resolvedTold } = await alerting();
  const links = await pause();
  expect(await agentState()).toBe('paused');
  expect((await send(links['resume']!, 'name=anna')).body).toContain('The agent may go on.');
  expect(await agentState()).not.toBe('paused');
  expect(await incidents()).toMatchObject([{ status: 'resolved' }]);
  // Before that is told, an agent that is paused once more is no news.
  await expect.poll(resolvedTold, { timeout: 10_000 }).toBe(true);
  await pause();
  expect((await send(links['resume']!, '')).status).toBe(410);
  expect(await agentState()).toBe('paused');
});

test('a link that was changed anywhere is not valid', async () => {
  const { get, send, pause, incidents } = await alerting();
  const links = await pause();
  const parts = new URL(links['acknowledge']!).pathname.split('/').slice(2);
  const changes = [
    [2, 'resolve'],
    [2, 'delete'],
    [3, '1'],
    [4, '99999999999'],
    [5, parts[5]!.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    [5, parts[5]!.slice(0, -1)],
    [5, 'x'],
  ] as const;
  for (const [index, value] of changes) {
    const path = `/side/${parts.with(index, value).join('/')}`;
    expect([(await get(path)).status, (await send(path, '')).status], `${index} ${value}`).toEqual([404, 404]);
  }
  // The signature of another incident's link.
  const other = parts.with(1, 'inc_other').join('/');
  expect((await get(`/side/${other}`)).status).toBe(404);
  expect(await incidents()).toMatchObject([{ status: 'firing' }]);
});

test('a form is taken from our own page alone, and a link is no way around the token', async () => {
  const { get, send, pause, ask: plain, incidents } = await alerting();
  const link = (await pause())['acknowledge']!;
  expect((await send(link, '', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
  expect((await send(link, '', { Origin: 'https://evil.example' })).status).toBe(403);
  expect((await send(link, '', { Origin: 'null' })).status).toBe(403);
  expect((await send(link, '{}', { 'Content-Type': 'application/json' })).status).toBe(415);
  expect(await incidents()).toMatchObject([{ status: 'firing' }]);
  expect((await get(link, { Host: 'evil.example' })).status).toBe(403);
  for (const path of ['/links/../api/incidents', '/links/%2e%2e/api/incidents', '/links//api/incidents', '/links/'])
    expect((await plain(path)).status, path).toBe(404);
  expect((await plain('/api/incidents')).status).toBe(401);
  // The browser that showed the page by the public name, also where a proxy in front has put another Host in.
  expect((await send(link, '', { Origin: 'https://outrigger.example', 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
  expect(await incidents()).toMatchObject([{ status: 'acknowledged' }]);
});

test('the key of links is kept for its owner alone, and one that is broken is told of', () => {
  const directory = join(temporaryDirectory(), 'state');
  const errors: unknown[] = [];
  const first = linkKey(directory, (error) => errors.push(error));
  expect(statSync(join(directory, 'link-key')).mode & 0o777).toBe(0o600);
  expect(linkKey(directory, (error) => errors.push(error))).toEqual(first);
  expect(readFileSync(join(directory, 'link-key'))).toEqual(first);
  expect(errors).toEqual([]);
  writeFileSync(join(directory, 'link-key'), 'short');
  expect(linkKey(directory, (error) => errors.push(error))).toHaveLength(32);
  expect(linkKey('/dev/null/nowhere', (error) => errors.push(error))).toHaveLength(32);
  expect(errors).toHaveLength(2);
});

/** A sidecar that tells a webhook of paused agents at once. */
async function alerting() {
  const sent: Sent[] = [];
  const hook = await receiver((response, { body }) => {
    sent.push(JSON.parse(body) as Sent);
    response.end('ok');
  });
  const { admin } = await sidecar({
    admin: { listen: '127.0.0.1:0', token, publicUrl },
    state: { dir: temporaryDirectory() },
    upstreams: { peer: { url: 'http://127.0.0.1:9', dialect: 'http' } },
    routes: [{ path: '/', upstream: 'peer' }],
    alerts: {
      groupWait: '0s',
      groupInterval: '0s',
      channels: { hook: { webhook: { url: hook.url, secret: 's', allowPrivate: true } } },
      rules: [{ on: 'agent-paused', send: ['hook'] }],
    },
  });
  const authorization = { Authorization: `Bearer ${token}` };
  const call = (path: string, headers = {}) => ask(admin.port, path, headers);
  const post = (path: string, body: string, headers: Record<string, string>) =>
    ask(admin.port, path, { 'Content-Length': String(body.length), ...headers }, 'POST', body);
  const command = (path: string, body: unknown) =>
    post(path, JSON.stringify(body), { 'Content-Type': 'application/json', ...authorization });
  const firing = () => sent.filter(({ type, data }) => type === 'alert.firing' && data.incidents[0]?.status === 'firing');
  return {
    ask: call,
    get: (url: string, headers = {}) => call(inside(url), headers),
    send: (url: string, body: string, headers: Record<string, string> = {}) => post(inside(url), body, { ...form, ...headers }),
    incidents: async () => ((await call('/api/incidents', authorization)).json() as { incidents: { status: string }[] }).incidents,
    /** Pauses the agent; the links of the message about it. */
    pause: async () => {
      const before = firing().length;
      await command('/api/agents/planner/pause', { reason: 'spends <b>too</b> much' });
      await expect.poll(() => firing().length, { timeout: 10_000 }).toBe(before + 1);
      const links = firing().at(-1)!.data.incidents[0]!.links;
      expect(Object.values(links).every((link) => link.startsWith(`${publicUrl}/links/inc_`))).toBe(true);
      return links;
    },
    resolvedTold: () => sent.some(({ data }) => data.incidents.some(({ status }) => status === 'resolved')),
    resume: () => command('/api/agents/planner/resume', {}),
    agentState: async () => {
      const { agents } = (await call('/api/agents', authorization)).json() as { agents: { id: string; state: string }[] };
      return agents.find(({ id }) => id.startsWith('planner'))?.state;
    },
  };
}

/** Where a reverse proxy that takes /side off would ask. */
function inside(url: string): string {
  const path = url.startsWith('/') ? url : new URL(url).pathname;
  return path.replace(/^\/side\/?/, '/');
}
