import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { answer, type Script } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { within } from '../kit/timing.ts';
import { startProcess } from '../life/sidecar-process.ts';
import { authority, certificateFile, pair, trusting } from './certificates.ts';
import { tlsUpstream } from './tls-upstream.ts';

const get = http(['GET /a HTTP/1.1', 'Host: a', 'Authorization: Bearer sk-secret']);
const post = http(['POST /a HTTP/1.1', 'Host: a', 'Content-Length: 4'], 'body');

describe('an upstream behind TLS', () => {
  test('is trusted by the authority in tls.ca, and gets the request as it was', async () => {
    const upstream = await tlsUpstream();
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: trusting } });
    expect((await exchange(proxy, post)).body).toBe('ok');
    expect(upstream.requests).toMatchObject([{ startLine: 'POST /a HTTP/1.1', body: 'body' }]);
    expect(valuesOf(upstream.requests[0]!, 'host')).toEqual([`127.0.0.1:${upstream.port}`]);
    expect(upstream.handshakes[0]!.getProtocol()).toBe('TLSv1.3');
  });

  test('keeps its connection between calls', async () => {
    const upstream = await tlsUpstream();
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: trusting } });
    for (let i = 0; i < 5; i += 1) expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(upstream.dialled).toHaveLength(1);
  });

  test('is asked for, and verified as, the name in tls.serverName', async () => {
    const upstream = await tlsUpstream({ tls: pair('other-host') });
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: { ...trusting, serverName: 'other.test.invalid' } } });
    expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(upstream.handshakes[0]).toMatchObject({ servername: 'other.test.invalid' });
  });

  test('is asked for the name in its URL', async () => {
    const upstream = await tlsUpstream();
    const { proxy } = await sidecarFor({ url: `https://localhost:${upstream.port}` }, { upstream: { tls: trusting } });
    expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(upstream.handshakes[0]).toMatchObject({ servername: 'localhost' });
  });

  test('is trusted by the authorities of the environment as well, with tls.ca and without', async () => {
    const upstream = await tlsUpstream();
    const upstreams = {
      plain: { url: upstream.url, dialect: 'http' },
      withOther: { url: upstream.url, dialect: 'http', tls: { ca: certificateFile('stranger') } },
    };
    const routes = Object.keys(upstreams).map((name) => ({ path: `/${name}`, upstream: name }));
    const { proxy } = await startProcess({ upstreams, routes }, { env: { NODE_EXTRA_CA_CERTS: certificateFile('authority') } });
    for (const { path } of routes) expect((await fetch(proxy + path)).status).toBe(200);
  });
});

describe('an upstream whose certificate cannot be trusted', () => {
  test.each([
    ['is for another host', 'other-host', trusting],
    ['has expired', 'expired', trusting],
    ['is self-signed', 'self-signed', trusting],
    ['is of an authority that nobody named', 'unknown-authority', trusting],
    ['is of a private authority, with none in the configuration', 'server', {}],
    ['is not for the name in tls.serverName', 'server', { ...trusting, serverName: 'other.test.invalid' }],
  ] as const)('because it %s gets no request, and is not tried again', async (_, name, settings) => {
    const upstream = await tlsUpstream({ tls: pair(name) });
    const { proxy } = await sidecarFor(upstream, {
      upstream: { tls: settings },
      policy: { retry: { attempts: 3, backoff: { base: '1ms' } } },
    });
    const response = await within(3_000, exchange(proxy, get), 'the refusal');
    expect(statusOf(response)).toBe(502);
    expect(JSON.parse(response.body)).toMatchObject({ code: 'upstream_unreachable' });
    expect(valuesOf(response, 'x-outrigger-attempts').join()).toMatch(/^peer;verdict=auth;ms=\d+$/);
    expect(valuesOf(response, 'proxy-status').join()).toMatch(/^outrigger; error=/);
    expect(upstream.dialled).toHaveLength(1);
    expect(upstream.requests).toHaveLength(0);
    expect(upstream.connections.map(({ received }) => received).join('')).toBe('');
  });

  test('is named with the reason, and without an address', async () => {
    const upstream = await tlsUpstream({ tls: pair('expired') });
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: trusting } });
    const { body } = await exchange(proxy, get);
    expect(body).toContain('CERT_HAS_EXPIRED');
    expect(body).toContain('peer');
    expect(body).not.toContain('127.0.0.1');
  });

  test('does not open the circuit: no wait would mend it', async () => {
    const upstream = await tlsUpstream({ tls: pair('expired') });
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: trusting }, policy: { circuitBreaker: { failures: 2 } } });
    for (let i = 1; i <= 5; i += 1) {
      expect(JSON.parse((await exchange(proxy, get)).body)).toMatchObject({ code: 'upstream_unreachable' });
      expect(upstream.dialled).toHaveLength(i);
    }
  });

  test('is refused on every call: no session of another name is taken up', async () => {
    const upstream = await tlsUpstream({ tls: pair('other-host') });
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: trusting } });
    for (let i = 0; i < 3; i += 1) expect(statusOf(await exchange(proxy, get))).toBe(502);
    expect(upstream.requests).toHaveLength(0);
  });

  test('refuses a WebSocket, too', async () => {
    const upstream = await tlsUpstream({ tls: pair('self-signed') });
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: trusting } });
    const upgrade = http([
      ...['GET /socket HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'],
      ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
    ]);
    expect(statusOf(await exchange(proxy, upgrade))).toBe(502);
    expect(upstream.dialled).toHaveLength(1);
    expect(upstream.connections.map(({ received }) => received).join('')).toBe('');
  });
});

describe('a body from an upstream behind TLS', () => {
  const cut = (head: string): Script => {
    return async (connection) => {
      await connection.request();
      connection.send(head);
      // The TCP connection ends, and TLS does not say so.
      setTimeout(() => connection.socket.destroy(), 20);
    };
  };

  test.each([
    ['chunked', cut(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], chunk('half')))],
    ['with a Content-Length', cut(http(['HTTP/1.1 200 OK', 'Content-Length: 8'], 'half'))],
  ])('%s that is cut is cut for the agent', async (_, script) => {
    const upstream = await tlsUpstream({ script });
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: trusting } });
    const client = await rawClient(proxy);
    client.send(get);
    const response = await within(2_000, client.response(), 'the end');
    expect(response).toMatchObject({ body: 'half', whole: false });
  });

  test('streams: each chunk reaches the agent before the next is sent', async () => {
    const upstream = await tlsUpstream({
      script: async (connection) => {
        await connection.request();
        connection.send(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], chunk('0')));
      },
    });
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: trusting } });
    const client = await rawClient(proxy);
    client.send(get);
    await client.responseHead();
    for (let i = 0; i < 5; i += 1) {
      expect(await client.chunk()).toBe(String(i));
      upstream.connections[0]!.send(i < 4 ? chunk(String(i + 1)) : lastChunk);
    }
    expect((await client.responseBody()).whole).toBe(true);
  });

  test('of 5 MB arrives whole, as does one that is sent', async () => {
    const megabytes = 'x'.repeat(5 * 1024 * 1024);
    const upstream = await tlsUpstream({ script: answer(({ body }) => ok(body)) });
    const { proxy } = await sidecarFor(upstream, { upstream: { tls: trusting } });
    const response = await exchange(proxy, http(['POST / HTTP/1.1', 'Host: a', `Content-Length: ${megabytes.length}`], megabytes));
    expect(response.body === megabytes).toBe(true);
  });
});

describe('the committed certificates', () => {
  const held = ['authority', 'stranger', 'server', 'other-host', 'unknown-authority', 'self-signed', 'client', 'stranger-client'] as const;

  test.each(held)('%s holds for another ten years', (name) => {
    const { validFromDate, validToDate } = new X509Certificate(pair(name).cert);
    expect(validFromDate.getTime()).toBeLessThan(Date.now());
    expect(validToDate.getTime()).toBeGreaterThan(Date.now() + 10 * 365 * 86_400_000);
  });

  test('expired has, and is in order but for that', () => {
    const expired = new X509Certificate(pair('expired').cert);
    expect(expired.validToDate.getTime()).toBeLessThan(Date.now());
    expect(expired.verify(new X509Certificate(authority).publicKey)).toBe(true);
    expect(expired.checkIP('127.0.0.1')).toBe('127.0.0.1');
  });
});
