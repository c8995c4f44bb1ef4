import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { namesOf, statusOf, valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { listening } from '../kit/listening.ts';
import { exchange, type RawClient, rawClient } from '../kit/raw-client.ts';
import { answer, rawUpstream, type Script, silent, type UpstreamConnection } from '../kit/raw-upstream.ts';
import { type SidecarSettings, sidecarFor } from '../kit/start-sidecar.ts';
import { eventually, settled, within } from '../kit/timing.ts';

const asked = [
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];
const upgrade = (...lines: string[]) => http(['GET /chat?x=1 HTTP/1.1', 'Host: a', ...asked, ...lines]);
const agreed = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
];

/** Agrees to the upgrade, with bytes right behind the head. */
const agrees = (early = '', ...lines: string[]): Script => {
  return async (connection) => {
    await connection.requestHead();
    connection.send(http([...agreed, ...lines], early));
  };
};

describe('an upgrade to WebSocket', () => {
  test('reaches the upstream with all that it says, and its answer the agent', async () => {
    const { client, upstream } = await start(agrees('', 'Sec-WebSocket-Protocol: b', 'Sec-WebSocket-Extensions: x; y=1'));
    client.send(upgrade('Sec-WebSocket-Protocol: a, b', 'Sec-WebSocket-Extensions: x; y', 'Origin: http://127.0.0.1', 'X-Mixed: 1'));
    const response = await client.responseHead();
    expect(statusOf(response)).toBe(101);
    expect(valuesOf(response, 'upgrade')).toEqual(['websocket']);
    expect(valuesOf(response, 'connection').join().toLowerCase()).toBe('upgrade');
    expect(valuesOf(response, 'sec-websocket-protocol')).toEqual(['b']);
    expect(valuesOf(response, 'sec-websocket-extensions')).toEqual(['x; y=1']);
    expect(valuesOf(response, 'sec-websocket-accept')).toEqual(['s3pPLMBiTxaQ9kYGzzhZRbK+xOo=']);
    const [head] = (await upstream.connection()).received.split('\r\n\r\n');
    expect(head).toMatch(/^GET \/chat\?x=1 HTTP\/1\.1\r\n/);
    for (const line of [...asked.slice(2), 'Sec-WebSocket-Protocol: a, b', 'Sec-WebSocket-Extensions: x; y', 'X-Mixed: 1'])
      expect(head).toContain(line);
    expect(head).toMatch(/\r\nconnection: upgrade\r\n/i);
    expect(head).toMatch(/\r\nupgrade: websocket(\r\n|$)/i);
  });

  test('carries every byte both ways, also those that come right behind the heads', async () => {
    const { client, upstream } = await start(agrees('early from upstream;'));
    client.send(`${upgrade()}early from agent;`);
    const connection = await upstream.connection();
    await client.responseHead();
    const every = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    client.send(every);
    connection.send(every);
    await connection.seen(every);
    await client.seen(every);
    expect(connection.received.endsWith(`\r\n\r\nearly from agent;${every}`)).toBe(true);
    expect(client.received.endsWith(`\r\n\r\nearly from upstream;${every}`)).toBe(true);
  });

  test('drops the fields that the Connection of either side names', async () => {
    const { client, upstream } = await start(answer(http([...agreed.slice(0, 2), 'Connection: Upgrade, X-Back', 'X-Back: 1', agreed[3]!])));
    client.send(upgrade('Connection: X-Foo', 'X-Foo: 1', 'Proxy-Authorization: Basic x'));
    const response = await client.responseHead();
    expect(namesOf(response)).not.toContain('x-back');
    expect(upstream.connections[0]!.received.toLowerCase()).not.toMatch(/x-foo|proxy-auth/);
  });

  test('that the upstream refuses gets its status, fields and body', async () => {
    const { client } = await start(answer(http(['HTTP/1.1 403 No Way', 'X-Why: because', 'Content-Length: 4'], 'nope')));
    client.send(upgrade());
    const response = await client.response();
    expect(response.startLine).toBe('HTTP/1.1 403 No Way');
    expect(valuesOf(response, 'x-why')).toEqual(['because']);
    expect(response.body).toBe('nope');
    expect(response.whole).toBe(true);
  });

  test('that the upstream ignores is an ordinary answer', async () => {
    const { client } = await start(answer(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']) + chunk('plain') + lastChunk));
    client.send(upgrade());
    const response = await client.response();
    expect(statusOf(response)).toBe(200);
    expect(response.whole && response.body).toBe('plain');
  });

  test('that gets no answer ends with the timeout', async () => {
    const { client, upstream } = await start(silent, { policy: { timeout: { firstByte: '50ms' } } });
    client.send(upgrade());
    expect(statusOf(await client.response())).toBe(504);
    await (await upstream.connection()).ended;
  });

  test('to an upstream that is not there gets 502', async () => {
    const { proxy } = await sidecarFor({ url: 'http://127.0.0.1:1' });
    expect(statusOf(await exchange(proxy, upgrade()))).toBe(502);
  });

  test('by an agent of HTTP/1.0 is not one', async () => {
    const { client, upstream } = await start(answer(ok()));
    client.send(upgrade().replace('HTTP/1.1', 'HTTP/1.0'));
    expect(statusOf(await client.response())).toBe(200);
    expect(upstream.received.toLowerCase()).not.toContain('upgrade');
  });
});

describe('no smuggling by an upgrade', () => {
  const inner = http(['GET /smuggled HTTP/1.1', 'Host: a']);

  test.each([
    ['a Content-Length', [`Content-Length: ${inner.length}`], inner],
    ['a chunked body', ['Transfer-Encoding: chunked'], `0\r\n\r\n${inner}`],
    ['a body that has not come yet', ['Content-Length: 100'], ''],
    ['half a body', ['Content-Length: 100'], 'half'],
    ['a Content-Length, by POST', [`Content-Length: ${inner.length}`, 'X-Method: POST'], inner],
  ])('one with %s gets 400', async (what, lines, body) => {
    const { client, upstream } = await start(agrees());
    const request = upgrade(...lines);
    client.send((what.includes('POST') ? request.replace('GET', 'POST') : request) + body);
    expect(statusOf(await client.response())).toBe(400);
    await client.ended;
    expect(upstream.received).toBe('');
  });

  test.each(['h2c', 'H2C, websocket', 'TLS/1.0', 'HTTP/2.0', 'h2'])('%s is no upgrade that we pass on', async (protocol) => {
    const { client, upstream } = await start(answer(ok()));
    const lines = [`Upgrade: ${protocol}`, 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
    client.send(http(['GET / HTTP/1.1', 'Host: a', ...lines]));
    const status = statusOf(await client.response());
    expect([200, 400]).toContain(status);
    expect(upstream.received.toLowerCase()).not.toMatch(/h2c|http2-settings|tls\/1/);
  });

  test('what an agent sends behind a refused upgrade is not read as a request of the tunnel', async () => {
    const { client, upstream } = await start(async (connection) => {
      while (await connection.requestHead()) connection.send(http(['HTTP/1.1 400 No', 'Content-Length: 0']));
    });
    client.send(upgrade() + inner);
    expect(statusOf(await client.response())).toBe(400);
    // It is an ordinary next request, or the connection is closed: then it is nothing.
    await Promise.race([client.ended, upstream.connections[0]!.seen('smuggled')]);
    const [connection] = upstream.connections;
    if (connection!.received.includes('smuggled')) expect(connection!.received).toMatch(/\r\n\r\nGET \/smuggled HTTP\/1\.1\r\n/);
  });

  test('a 101 that nobody asked for is an error of the upstream', async () => {
    const { client, upstream } = await start(agrees('early'));
    client.send(http(['GET / HTTP/1.1', 'Host: a']));
    expect(statusOf(await client.response())).toBe(502);
    await upstream.connections[0]!.ended;
  });
});

describe('either end of a tunnel takes the other with it within a second', () => {
  const ways: [string, (side: RawClient | UpstreamConnection) => void][] = [
    ['FIN', (side) => side.halfClose()],
    ['RST', (side) => side.reset()],
  ];

  test.each(ways)('the agent, by %s', async (_, leave) => {
    const { client, upstream } = await start(agrees());
    client.send(upgrade());
    await client.responseHead();
    leave(client);
    await within(1_000, (await upstream.connection()).ended, 'the end of the upstream side');
    await eventually('both sides are closed', () => upstream.open === 0 && client.bytes.end !== undefined, 1_000);
  });

  test.each(ways)('the upstream, by %s, and what it sent before arrives', async (how, leave) => {
    const { client, upstream } = await start(agrees());
    client.send(upgrade());
    await client.responseHead();
    const connection = await upstream.connection();
    connection.send('last words');
    if (how === 'RST') await client.seen('last words');
    leave(connection);
    await within(1_000, client.ended, 'the end of the agent side');
    expect(client.received.endsWith('last words')).toBe(true);
    await eventually('both sides are closed', () => upstream.open === 0, 1_000);
  });

  test('100 agents that leave before the upstream agrees leave no socket behind', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream);
    const socketsBefore = sockets();
    for (let i = 0; i < 100; i += 1) {
      const client = await rawClient(proxy);
      client.send(upgrade());
      await (await upstream.connection(i)).seen('\r\n\r\n');
      if (i % 2) client.reset();
      else client.close();
    }
    await eventually('the upstream sockets are closed', () => upstream.open === 0, 2_000);
    await eventually('all sockets are closed', () => sockets() <= socketsBefore, 2_000);
  });

  test('an upstream that agrees after the agent has left is let go', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(upgrade());
    const connection = await upstream.connection();
    await connection.requestHead();
    client.close();
    connection.send(http(agreed));
    await within(1_000, connection.ended, 'the end');
  });
});

describe('a tunnel', () => {
  test('holds its place until it ends', async () => {
    const { client, upstream, proxy } = await start(agrees(), { policy: { bulkhead: { concurrent: 1, queue: 0 } } });
    client.send(upgrade());
    await client.responseHead();
    expect(statusOf(await exchange(proxy, upgrade()))).toBe(503);
    client.close();
    await upstream.connections[0]!.ended;
    const next = await rawClient(proxy);
    next.send(upgrade());
    expect(statusOf(await next.responseHead())).toBe(101);
  });

  test('has back-pressure: a reader that stalls stops the writer', async () => {
    const { client, upstream } = await start(agrees());
    client.send(upgrade());
    await client.responseHead();
    client.socket.pause();
    const { socket } = await upstream.connection();
    let written = 0;
    const piece = Buffer.alloc(1_000_000);
    const write = () => {
      while (written < 300_000_000 && !socket.destroyed) {
        written += piece.length;
        if (!socket.write(piece)) {
          socket.once('drain', write);
          return;
        }
      }
    };
    write();
    expect(await settled(() => written)).toBeLessThan(32_000_000);
    client.reset();
  });

  test('carries a conversation of real WebSocket programs with compression, subprotocol, ping and close code', async () => {
    const server = createServer();
    const peers = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 }, handleProtocols: () => 'mcp' });
    peers.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data as Buffer, { binary })));
    const port = await listening(server);
    onTestFinished(() => peers.close());
    const { proxy } = await sidecarFor({ url: `http://127.0.0.1:${port}` });
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, ['mcp', 'other'], { perMessageDeflate: { threshold: 0 } });
    await once(socket, 'open');
    expect(socket.protocol).toBe('mcp');
    expect(socket.extensions).toContain('permessage-deflate');
    for (const text of ['hello', 'x'.repeat(1_000_000), 'ü€😀']) {
      socket.send(text);
      const [data] = (await once(socket, 'message')) as [Buffer];
      expect(data.toString()).toBe(text);
    }
    socket.ping('p');
    const [pong] = (await once(socket, 'pong')) as [Buffer];
    expect(pong.toString()).toBe('p');
    for (const peer of peers.clients) peer.close(4001, 'enough');
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([4001, 'enough']);
  });
});

async function start(script: Script, settings: SidecarSettings = {}) {
  const upstream = await rawUpstream(script);
  const { proxy } = await sidecarFor(upstream, settings);
  return { upstream, proxy, client: await rawClient(proxy) };
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}
