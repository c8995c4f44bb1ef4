import { describe, expect, test } from 'vitest';
import { startAdminServer } from '../../src/admin/server.ts';
import type { AdminSettings } from '../../src/admin/settings.ts';
import { admin, ask, plainSources, raw } from './kit.ts';

const paths = ['/', '/page.js', '/metrics', '/healthz', '/readyz', '/api/config', '/nothing'];

describe('the Host', () => {
  test.each(['localhost', 'localhost:9', '127.0.0.1', '127.0.0.1:1234', '[::1]:4142', 'LOCALHOST.', 'outrigger.localhost'])(
    '%s is served',
    async (host) => {
      const { port } = await admin();
      expect((await ask(port, '/healthz', { Host: host })).status).toBe(200);
    },
  );

  test.each([
    'evil.example',
    'evil.example:4142',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '0.0.0.0',
    '[::2]',
    'localhost@evil.example',
    'localhost/evil',
    '',
  ])('%j gets 403, whatever it asks for', async (host) => {
    const { port } = await admin();
    for (const path of paths) {
      const answer = await ask(port, path, { Host: host });
      expect(answer.status, path).toBe(403);
      expect(answer.json()).toMatchObject({ error: { code: 'forbidden' } });
    }
  });

  test('must be there', async () => {
    const { port } = await admin();
    expect((await raw(port, 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')).status).toBe(403);
    expect((await raw(port, 'GET /healthz HTTP/1.0\r\n\r\n')).status).toBe(403);
  });

  test('may be one of admin.hosts: with a port by that port only', async () => {
    const { port } = await admin({ settings: { hosts: ['outrigger', 'gate.example:4142'] } });
    const status = async (host: string) => (await ask(port, '/healthz', { Host: host })).status;
    expect(await status('outrigger')).toBe(200);
    expect(await status('Outrigger:4142')).toBe(200);
    expect(await status('gate.example:4142')).toBe(200);
    expect(await status('gate.example:4143')).toBe(403);
    expect(await status('gate.example')).toBe(403);
    expect(await status('sub.outrigger')).toBe(403);
  });
});

describe('a page of another site', () => {
  test.each([
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: 'http://localhost.evil.example' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { Origin: 'http://localhost', 'Sec-Fetch-Site': 'cross-site' },
  ])('is not served: %j', async (headers) => {
    const { port } = await admin();
    for (const path of paths) {
      const answer = await ask(port, path, headers as Record<string, string>);
      expect(answer.status, path).toBe(403);
      expect(answer.headers.has('access-control-allow-origin')).toBe(false);
    }
  });

  test('may not POST, whatever type it says it sends', async () => {
    const { port } = await admin();
    for (const type of ['text/plain', 'application/json']) {
      const headers = { Origin: 'https://evil.example', 'Content-Type': type, 'Content-Length': '2' };
      expect((await ask(port, '/api/config', headers, 'POST', '{}')).status).toBe(403);
    }
  });

  test.each([
    { Origin: 'http://localhost:4142' },
    { 'Sec-Fetch-Site': 'same-origin' },
    { 'Sec-Fetch-Site': 'none' },
    { 'Sec-Fetch-Site': 'same-site' },
  ])('is not what this one sends: %j', async (headers) => {
    const { port } = await admin();
    expect((await ask(port, '/', headers as Record<string, string>)).status).toBe(200);
  });

  test('on this machine may not use a name that is served besides', async () => {
    const { port } = await admin({ settings: { hosts: ['outrigger'] } });
    const status = async (origin: string) => (await ask(port, '/', { Host: 'outrigger', Origin: origin })).status;
    expect(await status('http://outrigger')).toBe(200);
    expect(await status('http://localhost:3000')).toBe(403);
  });
});

describe('the token', () => {
  const token = 'a-token-of-some-length';
  const bearer = (text: string) => ({ Authorization: `Bearer ${text}` });
  const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });

  test.each(['/', '/page.js', '/api/config', '/api/upstreams', '/api/nothing', '/nothing'])('is needed for %s', async (path) => {
    const { port } = await admin({ settings: { token } });
    const answer = await ask(port, path);
    expect([answer.status, answer.json()]).toMatchObject([401, { error: { code: 'unauthorized' } }]);
    // A browser asks its user for the second; both in one field would be more than some of them can read.
    expect(answer.headers.get('www-authenticate')).toEqual('Bearer realm="outrigger", Basic realm="outrigger"');
    expect((await ask(port, path, bearer(token))).status).not.toBe(401);
    expect((await ask(port, path, basic(`anybody:${token}`))).status).not.toBe(401);
  });

  test.each([`:${token}`, `Anna:${token}`])('is a password under any name: %j', async (text) => {
    const { port } = await admin({ settings: { token } });
    expect((await ask(port, '/api/config', basic(text))).status).toBe(200);
    expect((await ask(port, '/api/config', { Authorization: basic(text).Authorization.replace('Basic', 'bAsIc ') })).status).toBe(200);
  });

  test('is a password with colons, too', async () => {
    const { port } = await admin({ settings: { token: 'a:token:' } });
    expect((await ask(port, '/api/config', basic('x:a:token:'))).status).toBe(200);
    expect((await ask(port, '/api/config', basic('x:token:'))).status).toBe(401);
  });

  test.each(['/metrics', '/healthz', '/readyz'])('is not needed for %s', async (path) => {
    const { port } = await admin({ settings: { token } });
    expect((await ask(port, path)).status).toBe(200);
  });

  test.each([
    bearer('wrong'),
    bearer(`${token}x`),
    bearer(token.slice(0, -1)),
    bearer(token.toUpperCase()),
    bearer(''),
    { Authorization: token },
    { Authorization: `Basic ${token}` },
    basic(token),
    basic(`${token}:`),
    basic('x:wrong'),
    basic(`x:${token}\n`),
    basic(`x:${token.toUpperCase()}`),
    { Authorization: `Bearer ${Buffer.from(`x:${token}`).toString('base64')}` },
    { Authorization: `Bearer ${token} ${token}` },
    { Cookie: `token=${token}` },
    { 'X-Api-Key': token },
  ])('is not %j', async (headers) => {
    const { port } = await admin({ settings: { token } });
    expect((await ask(port, '/api/config', headers as Record<string, string>)).status).toBe(401);
  });

  test('is not taken from the URL', async () => {
    const { port } = await admin({ settings: { token } });
    expect((await ask(port, `/api/config?token=${token}`)).status).toBe(401);
  });

  test('does not open the port to foreign Hosts', async () => {
    const { port } = await admin({ settings: { token } });
    expect((await ask(port, '/api/config', { ...bearer(token), Host: 'evil.example' })).status).toBe(403);
  });

  test('counts at once where it is changed', async () => {
    let settings: AdminSettings = { listen: '127.0.0.1:0', hosts: [] };
    const server = await startAdminServer({ sources: plainSources, settings: () => settings });
    const port = Number(new URL(server.url).port);
    expect((await ask(port, '/api/config')).status).toBe(200);
    settings = { ...settings, token };
    expect((await ask(port, '/api/config')).status).toBe(401);
    expect((await ask(port, '/api/config', bearer(token))).status).toBe(200);
    await server.close();
  });
});
