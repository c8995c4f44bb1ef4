import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type HttpMessage, statusOf, valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { endToEndLines } from '../kit/pass.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { rawUpstream, silent } from '../kit/raw-upstream.ts';
import { eventually, within } from '../kit/timing.ts';
import { processBehind, startBehindProxy } from './behind-proxy.ts';
import { pair, trusting } from './certificates.ts';
import { connectProxy } from './connect-proxy.ts';

const get = http(['GET /a HTTP/1.1', 'Host: a', 'Authorization: Bearer sk-secret']);

describe('HTTPS_PROXY', () => {
  test('carries what goes to an upstream, which is still verified by its own name', async () => {
    const { proxy, upstream, forward } = await startBehindProxy();
    const response = await exchange(proxy, http(['POST /a?b HTTP/1.1', 'Host: a', 'Content-Length: 11'], 'hello world'));
    expect(response.body).toBe('ok');
    expect(forward.requests).toMatchObject([{ line: `CONNECT api.test.invalid:${upstream.port}` }]);
    expect(upstream.handshakes[0]).toMatchObject({ servername: 'api.test.invalid' });
    expect(upstream.requests).toMatchObject([{ startLine: 'POST /a?b HTTP/1.1', body: 'hello world' }]);
    expect(valuesOf(upstream.requests[0]!, 'host')).toEqual([`api.test.invalid:${upstream.port}`]);
  });

  test('shows the proxy neither requests nor keys', async () => {
    const { proxy, upstream, forward } = await startBehindProxy();
    expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(valuesOf(upstream.requests[0]!, 'authorization')).toEqual(['Bearer sk-secret']);
    expect(forward.tunnelled().length).toBeGreaterThan(100);
    expect(forward.tunnelled()).not.toContain('sk-secret');
    expect(JSON.stringify(forward.requests)).not.toContain('sk-secret');
  });

  test('is not told to upstreams, nor are its credentials', async () => {
    const { proxy, upstream, forward } = await startBehindProxy({ credentials: 'user:p%40ss' });
    expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(forward.requests[0]!.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    expect(upstream.requests[0]!.raw.toLowerCase()).not.toContain('proxy');
  });

  test('lets the fields of a request through as they were, repeated ones too', async () => {
    const lines = ['X-A: 1', 'x-b: 2', 'X-A: 3', 'Cookie: c=1', 'Cookie: d=2'];
    const { proxy, upstream } = await startBehindProxy();
    await exchange(proxy, http(['GET / HTTP/1.1', 'Host: a', ...lines]));
    expect(endToEndLines(upstream.requests[0]!)).toEqual(lines);
  });

  test('keeps one tunnel for many calls', async () => {
    const { proxy, forward } = await startBehindProxy();
    for (let i = 0; i < 10; i += 1) expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(forward.requests).toHaveLength(1);
  });

  test('lets streams through as they come', async () => {
    const { proxy, upstream } = await startBehindProxy({
      script: async (connection) => {
        await connection.request();
        connection.send(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], chunk('0')));
      },
    });
    const client = await rawClient(proxy);
    client.send(get);
    await client.responseHead();
    for (let i = 0; i < 5; i += 1) {
      expect(await client.chunk()).toBe(String(i));
      upstream.connections[0]!.send(i < 4 ? chunk(String(i + 1)) : lastChunk);
    }
    expect((await client.responseBody()).whole).toBe(true);
  });

  test('breaks an answer whose tunnel breaks', async () => {
    const { proxy, forward } = await startBehindProxy({
      script: async (connection) => {
        await connection.request();
        connection.send(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], chunk('half')));
      },
    });
    const client = await rawClient(proxy);
    client.send(get);
    await client.seen('half');
    forward.cut();
    expect(await within(2_000, client.response(), 'the end')).toMatchObject({ body: 'half', whole: false });
  });

  test('loses its tunnel within 100 ms of an agent that leaves', async () => {
    const { proxy, upstream } = await startBehindProxy({
      script: async (connection) => {
        await connection.request();
        connection.send(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], chunk('half')));
      },
    });
    const client = await rawClient(proxy);
    client.send(get);
    await client.seen('half');
    const leftAt = performance.now();
    client.close();
    const connection = upstream.connections[0]!;
    await within(1_000, connection.ended, 'the end of the tunnel');
    expect(connection.endedAt! - leftAt).toBeLessThan(100);
  });

  test('fails none of 100 calls of an upstream that closes each connection 3 ms after its answer', async () => {
    const { proxy, forward } = await startBehindProxy({
      script: async (connection) => {
        while ((await connection.request())?.whole) {
          connection.send(ok());
          setTimeout(() => connection.close(), 3);
        }
      },
    });
    const statuses = [];
    for (let i = 0; i < 100; i += 1) statuses.push(statusOf(await exchange(proxy, get)));
    expect(statuses).toEqual(statuses.map(() => 200));
    expect(forward.requests.length).toBeGreaterThan(1);
  });

  test('is no reason to go on after SIGTERM: a tunnel that is kept is closed', async () => {
    const { proxy, child, exited, forward } = await startBehindProxy();
    expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(forward.open.size).toBe(1);
    child.kill('SIGTERM');
    expect(await within(3_000, exited, 'the end of the sidecar')).toBe(0);
  });

  test('carries WebSockets', async () => {
    const { proxy, forward } = await startBehindProxy({
      tls: {},
      webSockets: (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })),
    });
    const socket = new WebSocket(`ws://${proxy.host}:${proxy.port}/socket`);
    await once(socket, 'open');
    socket.send('hello');
    expect(String((await once(socket, 'message'))[0])).toBe('hello');
    expect(forward.requests).toHaveLength(1);
    socket.terminate();
  });

  test.each([
    ['https_proxy', 'HTTPS_PROXY'],
    ['HTTPS_PROXY', 'https_proxy'],
  ])('is also read as %s alone', async (name) => {
    const { proxy, forward } = await startBehindProxy({ variable: name });
    expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(forward.requests).toHaveLength(1);
  });

  test('makes no certificate good: one for another host is refused after one tunnel', async () => {
    const { proxy, upstream, forward } = await startBehindProxy({
      tls: pair('other-host'),
      policy: { retry: { backoff: { base: '1ms' } } },
    });
    const response = await within(3_000, exchange(proxy, get), 'the refusal');
    expect(statusOf(response)).toBe(502);
    expect(valuesOf(response, 'x-outrigger-attempts').join()).toMatch(/^peer;verdict=auth;ms=\d+$/);
    expect(forward.requests).toHaveLength(1);
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('a proxy that', () => {
  test.each([403, 407, 502])('refuses a CONNECT with %i gets the agent a 502', async (status) => {
    const { proxy, forward } = await startBehindProxy({ onConnect: { status } });
    const response = await within(3_000, exchange(proxy, get), 'the refusal');
    expect(statusOf(response)).toBe(502);
    expect(JSON.parse(response.body)).toMatchObject({ code: 'upstream_unreachable' });
    expect(response.body).toContain(`its forward proxy refused the connection with status ${status}`);
    expect(forward.requests).toHaveLength(1);
  });

  test('is not there gets the agent a 502', async () => {
    const { proxy } = await startBehindProxy({ proxyUrl: 'http://127.0.0.1:1' });
    const response = await within(3_000, exchange(proxy, get), 'the refusal');
    expect(statusOf(response)).toBe(502);
    expect(JSON.parse(response.body)).toMatchObject({ code: 'upstream_unreachable' });
  });

  test('does not answer a CONNECT gets the agent a 504 after timeout.connect', async () => {
    const { proxy } = await startBehindProxy({ onConnect: 'hang', policy: { timeout: { connect: '200ms' } } });
    expectTimeout(await within(3_000, exchange(proxy, get), 'the timeout'));
  });

  test('does not answer a CONNECT loses the connection then', async () => {
    const { proxy, forward } = await startBehindProxy({ onConnect: 'hang', policy: { timeout: { connect: '200ms' } } });
    await within(3_000, exchange(proxy, get), 'the timeout');
    await eventually('the connection has closed', () => forward.open.size === 0, 500);
  });

  test('does not answer a CONNECT loses the connection when the agent leaves', async () => {
    const { proxy, forward } = await startBehindProxy({ onConnect: 'hang' });
    const client = await rawClient(proxy);
    client.send(get);
    await eventually('the CONNECT has come', () => forward.requests.length === 1);
    client.close();
    await eventually('the connection has closed', () => forward.open.size === 0, 500);
  });

  test('leads to an upstream that stalls in the handshake gets the agent a 504 after timeout.connect', async () => {
    const stalling = await rawUpstream(silent);
    const { proxy } = await startBehindProxy({ onConnect: { port: stalling.port }, policy: { timeout: { connect: '200ms' } } });
    expectTimeout(await within(3_000, exchange(proxy, get), 'the timeout'));
    expect(stalling.connections).toHaveLength(1);
  });

  test('leads to an upstream that stalls in the handshake loses the tunnel then', async () => {
    const stalling = await rawUpstream(silent);
    const { proxy } = await startBehindProxy({ onConnect: { port: stalling.port }, policy: { timeout: { connect: '200ms' } } });
    await within(3_000, exchange(proxy, get), 'the timeout');
    await within(500, stalling.connections[0]!.ended, 'the end of the tunnel');
  });

  function expectTimeout(response: HttpMessage) {
    expect(statusOf(response)).toBe(504);
    expect(valuesOf(response, 'proxy-status')).toEqual(['outrigger; error=connection_timeout']);
    expect(valuesOf(response, 'x-outrigger-attempts').join()).toMatch(/^peer;verdict=timeout;phase=connect;ms=\d+$/);
  }
});

describe('a proxy behind TLS', () => {
  const env = { NODE_EXTRA_CA_CERTS: trusting.ca };

  test('carries calls over TLS within TLS, and keeps the tunnel', async () => {
    const { proxy, upstream, forward } = await startBehindProxy({ secureProxy: true, env });
    for (let i = 0; i < 3; i += 1) expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(forward.requests).toMatchObject([{ line: `CONNECT api.test.invalid:${upstream.port}` }]);
    expect(upstream.handshakes[0]).toMatchObject({ servername: 'api.test.invalid' });
  });

  test('is verified: one that nobody vouches for hears of no upstream', async () => {
    const { proxy, forward } = await startBehindProxy({ secureProxy: true });
    const response = await within(3_000, exchange(proxy, get), 'the refusal');
    expect(statusOf(response)).toBe(502);
    expect(response.body).toMatch(/The certificate of the forward proxy of upstream peer cannot be trusted/);
    expect(forward.requests).toHaveLength(0);
  });

  test('that leads to an upstream that stalls in the handshake loses the tunnel after timeout.connect', async () => {
    const stalling = await rawUpstream(silent);
    const policy = { timeout: { connect: '200ms' } };
    const { proxy, forward } = await startBehindProxy({ secureProxy: true, env, onConnect: { port: stalling.port }, policy });
    expect(statusOf(await within(3_000, exchange(proxy, get), 'the timeout'))).toBe(504);
    await within(500, stalling.connections[0]!.ended, 'the end of the tunnel');
    await eventually('the connection has closed', () => forward.open.size === 0, 500);
  });
});

describe('NO_PROXY', () => {
  test.each(['api.test.invalid', '.test.invalid', 'a.b,test.invalid', '*'])('%s leads past the proxy', async (noProxy) => {
    // Without tls.ca, which the test below is about.
    const env = { NODE_EXTRA_CA_CERTS: trusting.ca, NO_PROXY: noProxy };
    const { proxy, forward, upstream } = await startBehindProxy({ env, upstreamTls: {}, resolves: true });
    expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(upstream.requests).toHaveLength(1);
    expect(forward.requests).toHaveLength(0);
  });

  test('for another name does not', async () => {
    const { proxy, forward } = await startBehindProxy({ env: { NO_PROXY: 'other.invalid,pi.test.invalid' }, resolves: true });
    expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(forward.requests).toHaveLength(1);
  });

  test('leads to an upstream with its own tls settings', async () => {
    const { proxy } = await startBehindProxy({ env: { NO_PROXY: '*' }, resolves: true });
    expect(statusOf(await exchange(proxy, get))).toBe(200);
  });
});

describe('an upstream on this machine', () => {
  test.each(['127.0.0.1', 'localhost'])('is never reached through a proxy: https://%s', async (host) => {
    const { proxy, forward, upstream } = await startBehindProxy({ host });
    expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(upstream.requests).toHaveLength(1);
    expect(forward.requests).toHaveLength(0);
  });

  test('is never reached through a proxy, by a name under localhost either', async () => {
    const { proxy, forward } = await startBehindProxy({ host: 'app.localhost' });
    await exchange(proxy, get);
    expect(forward.requests).toHaveLength(0);
  });

  test.each(['127.0.0.1', '127.8.9.1', 'localhost'])('is never reached through a proxy: http://%s', async (host) => {
    const upstream = await rawUpstream();
    const forward = await connectProxy({ status: 403 });
    const { proxy } = await processBehind(`http://${host}:${upstream.port}`, forward, {});
    // 127.8.9.1 is this machine too; nothing listens there.
    expect(statusOf(await exchange(proxy, get))).toBe(host === '127.8.9.1' ? 502 : 200);
    expect(forward.requests).toHaveLength(0);
  });
});

describe('HTTP_PROXY', () => {
  test('gets a CONNECT for an upstream without TLS, too, whose requests stay as they were', async () => {
    const upstream = await rawUpstream();
    const forward = await connectProxy({ port: upstream.port });
    const { proxy } = await processBehind('http://api.test.invalid/base', forward, {});
    for (let i = 0; i < 3; i += 1) expect(statusOf(await exchange(proxy, get))).toBe(200);
    expect(forward.requests).toMatchObject([{ line: 'CONNECT api.test.invalid:80', headers: { host: 'api.test.invalid:80' } }]);
    expect(forward.tunnelled()).toMatch(/^GET \/base\/a HTTP\/1\.1\r\nHost: api\.test\.invalid\r\n/i);
  });
});
