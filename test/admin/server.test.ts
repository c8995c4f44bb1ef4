import { createConnection, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { AdminError } from '../../src/admin/admin-error.ts';
import { type AdminRoute, json } from '../../src/admin/route.ts';
import { startAdminServer } from '../../src/admin/server.ts';
import { adminSettings } from '../../src/admin/settings.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import { admin, ask, plainSources, post, raw } from './kit.ts';

const error = (code: string) => ({ error: { code, message: expect.stringMatching(/\S/) } });

describe('health', () => {
  test('is alive whether ready or not', async () => {
    const { port } = await admin({ sources: { ready: () => ({ ready: false, reason: 'starting' }) } });
    const answer = await ask(port, '/healthz');
    expect([answer.status, answer.json()]).toEqual([200, { alive: true }]);
  });

  test.each(['starting', 'draining', 'no valid configuration'])('is not ready while %s, and says so', async (reason) => {
    const { port } = await admin({ sources: { ready: () => ({ ready: false, reason }) } });
    const answer = await ask(port, '/readyz');
    expect([answer.status, answer.json()]).toEqual([503, { ready: false, reason }]);
  });

  test('is ready as soon as its source says so', async () => {
    let ready = false;
    const { port } = await admin({ sources: { ready: () => ({ ready, reason: ready ? '' : 'starting' }) } });
    expect((await ask(port, '/readyz')).status).toBe(503);
    ready = true;
    expect((await ask(port, '/readyz')).status).toBe(200);
  });
});

describe('what it shows', () => {
  test('is the metrics, as text of Prometheus, anew each time', async () => {
    let scrapes = 0;
    const { port } = await admin({ sources: { metrics: () => Promise.resolve(`scrapes ${++scrapes}\n`) } });
    const answer = await ask(port, '/metrics');
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.body).toBe('scrapes 1\n');
    expect((await ask(port, '/metrics?format=x')).body).toBe('scrapes 2\n');
  });

  test('is upstreams and policies as they are', async () => {
    const { port } = await admin();
    const upstreams = await ask(port, '/api/upstreams');
    expect(upstreams.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(upstreams.json()).toEqual([{ name: 'openai', circuit: 'closed' }]);
    expect((await ask(port, '/api/policies')).json()).toEqual({ openai: { circuitBreaker: { state: 'closed' } } });
  });

  test('is the configuration without its secrets, whatever the source hands over', async () => {
    const config = {
      upstreams: { a: { url: 'https://u:canary@host', headers: { authorization: 'Bearer canary' } } },
      admin: { token: 'canary' },
    };
    const { port } = await admin({ sources: { config: () => config } });
    const answer = await ask(port, '/api/config');
    expect(answer.json()).toMatchObject({ upstreams: { a: { url: 'https://***@host' } } });
    expect(answer.body).not.toContain('canary');
  });

  test('is a page that needs nothing from elsewhere', async () => {
    const upstreams = { up: { url: 'http://127.0.0.1:9' } };
    const { port } = (await sidecar({ upstreams, routes: [{ path: '/', upstream: 'up' }] })).admin;
    const page = await ask(port, '/');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    for (const [, path] of page.body.matchAll(/(?:src|href|data-source)="([^"]+)"/g))
      expect((await ask(port, path!)).status, path).toBe(200);
    expect(page.body).not.toMatch(/<script(?! src="\/)|<style| on\w+=|https?:\/\//);
  });
});

describe('every answer', () => {
  test.each(['/', '/page.js', '/metrics', '/api/config', '/nothing'])('of %s keeps a browser from doing more with it', async (path) => {
    const { port } = await admin();
    const { headers } = await ask(port, path);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.has('access-control-allow-origin')).toBe(false);
  });

  test('to HEAD is that to GET without its body', async () => {
    const { port } = await admin();
    const [got, headed] = [await ask(port, '/readyz'), await ask(port, '/readyz', {}, 'HEAD')];
    expect(headed.status).toBe(200);
    expect(headed.headers.get('content-length')).toBe(got.headers.get('content-length'));
    expect(headed.body).toBe('');
  });
});

describe('a request that is wrong', () => {
  test('in its path gets 404', async () => {
    const { port } = await admin();
    for (const path of ['/nothing', '/api', '/api/', '/api/upstreams/', '//healthz', '/healthz/..', `http://127.0.0.1:${port}/healthz`]) {
      const answer = await ask(port, path);
      expect([answer.status, answer.json()], path).toEqual([404, error('not_found')]);
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    }
  });

  test('in its method gets 405 and hears which are right', async () => {
    const { port } = await admin();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await ask(port, '/metrics', { 'Content-Length': '0' }, method);
      expect([answer.status, answer.json()], method).toEqual([405, error('method_not_allowed')]);
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    }
  });

  test('in its form gets an error in JSON as well', async () => {
    const { port } = await admin();
    const garbage = await raw(port, 'this is not HTTP\r\n\r\n');
    expect([garbage.status, garbage.json()]).toEqual([400, error('bad_request')]);
    const large = await ask(port, '/healthz', { 'X-Large': 'x'.repeat(20_000) });
    expect([large.status, large.json()]).toEqual([431, error('headers_too_large')]);
  });

  test('in taking its time is given up', async () => {
    const { port } = await admin({ options: { headersTimeoutMs: 50 } });
    const answer = await raw(port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    expect([answer.status, answer.json()]).toEqual([408, error('request_timeout')]);
  });
});

describe('a source that fails', () => {
  test('gets 500 that gives nothing away, and is heard of', async () => {
    const heard: unknown[] = [];
    const failed = new Error('at 10.0.0.7 with canary');
    const fail = () => {
      throw failed;
    };
    const { port } = await admin({
      sources: { upstreams: fail, metrics: () => Promise.reject(failed) },
      options: { onError: (cause) => heard.push(cause) },
    });
    for (const path of ['/api/upstreams', '/metrics']) {
      const answer = await ask(port, path);
      expect([answer.status, answer.json()]).toEqual([500, error('internal_error')]);
      expect(answer.body).not.toMatch(/canary|10\.0/);
    }
    expect(heard).toEqual([failed, failed]);
    expect((await ask(port, '/healthz')).status).toBe(200);
  });
});

describe('a further route', () => {
  const echo: AdminRoute = { method: 'POST', path: '/api/agents/{id}/pause', handle: ({ params, body }) => json({ params, body }, 201) };

  test('gets its parameters and its JSON', async () => {
    const { port } = await admin({ routes: [echo] });
    const answer = await post(port, '/api/agents/plan%20ner/pause', Buffer.from('{"reason":"ä"}').toString('latin1'), {
      'Content-Type': 'Application/JSON; charset=utf-8',
    });
    expect([answer.status, answer.json()]).toEqual([201, { params: { id: 'plan ner' }, body: { reason: 'ä' } }]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])('takes no POST of type %j', async (type) => {
    const { port } = await admin({ routes: [echo] });
    const answer = await post(port, '/api/agents/x/pause', '{}', { 'Content-Type': type });
    expect([answer.status, answer.json()]).toEqual([415, error('unsupported_media_type')]);
  });

  test.each(['', '{', '\xff"'])('takes no body that is not JSON: %j', async (body) => {
    const { port } = await admin({ routes: [echo] });
    const answer = await post(port, '/api/agents/x/pause', body);
    expect([answer.status, answer.json()]).toEqual([400, error('bad_request')]);
  });

  test('takes no body above 64 KB, and says so', async () => {
    const { port } = await admin({ routes: [echo] });
    const answer = await post(port, '/api/agents/x/pause', `"${'x'.repeat(70_000)}"`);
    expect([answer.status, answer.json()]).toEqual([413, error('body_too_large')]);
  });

  test('hears nothing of a POST that breaks off, and that is no error of ours', async () => {
    const heard: unknown[] = [];
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const handle = () => {
      heard.push('handled');
      return json({});
    };
    let asked = 0;
    const settings = () => {
      asked += 1;
      // The first time is the start.
      if (asked === 2) arrive();
      return adminSettings.parse({ listen: '127.0.0.1:0' });
    };
    const { port } = await admin({ routes: [{ ...echo, handle }], options: { settings, onError: (cause) => heard.push(cause) } });
    const socket = createConnection(port, '127.0.0.1');
    socket.write('POST /api/agents/x/pause HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a"');
    await arrived;
    socket.resetAndDestroy();
    // Served after the reset was seen.
    expect((await ask(port, '/healthz')).status).toBe(200);
    expect(heard).toEqual([]);
  });

  test('answers with an error of its choice', async () => {
    const handle = () => {
      throw new AdminError('not_found', 'no such agent');
    };
    const { port } = await admin({ routes: [{ ...echo, handle }] });
    const answer = await post(port, '/api/agents/x/pause', '{}');
    expect([answer.status, answer.json()]).toEqual([404, { error: { code: 'not_found', message: 'no such agent' } }]);
  });

  test('does not answer a path that is longer, shorter or badly encoded', async () => {
    const { port } = await admin({ routes: [echo] });
    for (const path of ['/api/agents/pause', '/api/agents//pause', '/api/agents/x/pause/y', '/api/agents/%zz/pause']) {
      expect((await post(port, path, '{}')).status, path).toBe(404);
    }
  });

  test('does not answer GET', async () => {
    const { port } = await admin({ routes: [echo] });
    const answer = await ask(port, '/api/agents/x/pause');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('starting and closing', () => {
  test('fails with the reason where others could reach it without a token', async () => {
    const settings = { listen: '0.0.0.0:0', hosts: [] };
    await expect(startAdminServer({ sources: plainSources, settings: () => settings })).rejects.toThrow(/0\.0\.0\.0:0.*admin\.token/);
  });

  test('fails where the address is taken', async () => {
    const { port } = await admin();
    const settings = adminSettings.parse({ listen: `127.0.0.1:${port}` });
    await expect(startAdminServer({ sources: plainSources, settings: () => settings })).rejects.toThrow(/EADDRINUSE/);
  });

  test('closing does not wait for a client that says nothing', async () => {
    const server = await admin();
    const socket = createConnection(server.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await server.close();
    await closed;
    // The port is free again.
    const next = createServer().listen(server.port, '127.0.0.1');
    await new Promise((resolve) => next.once('listening', resolve));
    await new Promise((resolve) => next.close(resolve));
  });
});
