import { describe, expect, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { http, ok } from '../kit/http-text.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { sidecar, sidecarFor } from '../kit/start-sidecar.ts';

describe('the upstream comes from the configuration alone', () => {
  test.each([
    '//evil.example/a',
    '/@evil.example/',
    '/http://evil.example/',
    '/%2f%2fevil.example/',
    '/a@evil.example',
    '/?url=http://evil.example/',
  ])('whatever the path looks like: %s', async (path) => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream);
    const response = await exchange(proxy, http([`GET ${path} HTTP/1.1`, 'Host: evil.example']));
    // Either it went to our upstream, under its own name, or nowhere.
    if (statusOf(response) === 200) expect(upstream.requests.map((request) => valuesOf(request, 'host'))).toEqual([[upstream.authority]]);
    else expect([400, 404]).toContain(statusOf(response));
  });

  test.each(['localhost', '127.0.0.1:1', 'example.org', '[::1]:80', 'EXAMPLE.org.', ''])('whatever the Host is: %j', async (host) => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream);
    expect(statusOf(await exchange(proxy, http(['GET / HTTP/1.1', `Host: ${host}`])))).toBe(200);
    expect(upstream.requests.map((request) => valuesOf(request, 'host'))).toEqual([[upstream.authority]]);
  });

  test('an absolute form for the sidecar itself means its path', async () => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream);
    const authority = `127.0.0.1:${proxy.port}`;
    const response = await exchange(proxy, http([`GET http://${authority}/a?b=c HTTP/1.1`, `Host: ${authority}`]));
    expect(statusOf(response)).toBe(200);
    expect(upstream.requests.map((request) => request.startLine)).toEqual(['GET /a?b=c HTTP/1.1']);
  });

  test.each([
    'http://evil.example/',
    'https://evil.example/',
    'http://evil.example',
    'HTTP://EVIL.example:80/',
    'http://user@127.0.0.1/',
    'http://127.0.0.1@evil.example/',
    'ftp://127.0.0.1/',
    'javascript:alert(1)',
  ])('an absolute form for another host gets 400: %s', async (target) => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream);
    expect(statusOf(await exchange(proxy, http([`GET ${target} HTTP/1.1`, 'Host: evil.example'])))).toBe(400);
    expect(upstream.connections).toEqual([]);
  });

  test('a redirect is passed on, not followed', async () => {
    const trap = await rawUpstream();
    const upstream = await rawUpstream(answer(http(['HTTP/1.1 307 Elsewhere', `Location: ${trap.url}/`, 'Content-Length: 0'])));
    const { proxy } = await sidecarFor(upstream);
    const response = await exchange(proxy, http(['GET / HTTP/1.1', 'Host: a']));
    expect(response.startLine).toBe('HTTP/1.1 307 Elsewhere');
    expect(valuesOf(response, 'location')).toEqual([`${trap.url}/`]);
    expect(trap.connections).toEqual([]);
  });
});

describe('CONNECT and OPTIONS *', () => {
  test.each(['evil.example:443', '127.0.0.1:1', '/', 'a'])('CONNECT %s gets 405 and its connection is closed', async (target) => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(http([`CONNECT ${target} HTTP/1.1`, 'Host: evil.example:443'], http(['GET /early HTTP/1.1', 'Host: a'])));
    const response = await client.response();
    // A target that no CONNECT may have is a syntax error first.
    expect(target.includes(':') ? [405] : [400, 405]).toContain(statusOf(response));
    await client.ended;
    expect(upstream.connections).toEqual([]);
  });

  test('OPTIONS * is answered and goes nowhere else than to the upstream of /', async () => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream);
    const response = await exchange(proxy, http(['OPTIONS * HTTP/1.1', 'Host: evil.example']));
    expect([200, 204, 400, 404]).toContain(statusOf(response));
    expect(upstream.received === '' || upstream.received.startsWith('OPTIONS * HTTP/1.1\r\n')).toBe(true);
  });

  test('* is a target of OPTIONS only', async () => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream);
    expect([400, 404]).toContain(statusOf(await exchange(proxy, http(['GET * HTTP/1.1', 'Host: a']))));
    expect(upstream.connections).toEqual([]);
  });
});

describe('a sidecar before a sidecar', () => {
  test('is fine', async () => {
    const upstream = await rawUpstream(answer(ok('from the end')));
    const second = await sidecarFor(upstream);
    const first = await sidecarFor({ url: `http://127.0.0.1:${second.proxy.port}` });
    expect((await exchange(first.proxy, http(['GET / HTTP/1.1', 'Host: a']))).body).toBe('from the end');
  });

  test('that is itself answers 508 instead of calling itself for ever', async () => {
    const port = await freePort();
    const { proxy } = await sidecar({
      listen: `127.0.0.1:${port}`,
      upstreams: { self: { url: `http://127.0.0.1:${port}`, dialect: 'http' } },
      routes: [{ path: '/', upstream: 'self' }],
    });
    expect(statusOf(await exchange(proxy, http(['GET / HTTP/1.1', 'Host: a'])))).toBe(508);
  });
});

describe('a browser that another site leads', () => {
  test.each([
    ['Origin: https://evil.example', 403],
    ['Sec-Fetch-Site: cross-site', 403],
    ['Sec-Fetch-Site: none', 200],
    ['Sec-Fetch-Site: same-origin', 200],
  ])('%s gets %i', async (line, status) => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream);
    const request = http(['POST / HTTP/1.1', `Host: 127.0.0.1:${proxy.port}`, line, 'Content-Type: text/plain', 'Content-Length: 0']);
    expect(statusOf(await exchange(proxy, request))).toBe(status);
    expect(upstream.requests).toHaveLength(status === 200 ? 1 : 0);
  });
});
