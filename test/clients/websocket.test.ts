import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ClientOptions, type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { listening } from '../kit/listening.ts';
import { throughSidecar, type Way } from './both-ways.ts';
import { withAndWithout } from './policies.ts';

/** What one side of a connection saw, in order. */
type Seen = { message: string; binary: boolean } | { ping: string } | { pong: string } | { close: number; reason: string };

interface Conversation {
  options?: ServerOptions;
  client?: ClientOptions;
  protocols?: string[];
  /** What the server does with a connection. */
  serve: (socket: WebSocket) => void;
  /** What the client does once it is open. */
  talk: (socket: WebSocket) => void;
}

/** The way that leads to an upstream. */
type Lead = (upstream: Way) => Way | Promise<Way>;

const directly: Lead = (upstream) => upstream;

/** Holds a conversation over a connection of its own, until both sides have seen it close. */
async function converse({ options, client, protocols, serve, talk }: Conversation, lead: Lead) {
  const server = new WebSocketServer({ ...options, host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const served = new Promise<{ seen: Seen[]; headers: unknown }>((resolve) => {
    server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
      const seen = record(socket);
      socket.on('close', () => resolve({ seen, headers: headersOf(request) }));
      serve(socket);
    });
  });
  const upstream = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const { url } = await lead(upstream);
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket?a=b`, protocols, { headers: { 'x-test': '1' }, ...client });
  const seen = record(socket);
  socket.on('open', () => talk(socket));
  await once(socket, 'close');
  return { client: { seen, protocol: socket.protocol, extensions: socket.extensions }, server: await served };
}

function record(socket: WebSocket): Seen[] {
  const seen: Seen[] = [];
  socket.on('message', (data: Buffer, binary) => seen.push({ message: data.toString('latin1'), binary }));
  socket.on('ping', (data) => seen.push({ ping: data.toString() }));
  socket.on('pong', (data) => seen.push({ pong: data.toString() }));
  socket.on('close', (code, reason) => seen.push({ close: code, reason: reason.toString() }));
  // Seen as a close, too.
  socket.on('error', () => {});
  return seen;
}

function headersOf(request: IncomingMessage): unknown {
  const { host, connection, 'sec-websocket-key': key, ...headers } = request.headers;
  return { url: request.url, headers, upgrades: /upgrade/i.test(connection ?? ''), named: Boolean(host && key) };
}

const echo = (socket: WebSocket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
};

/** Closes once as many messages have come back. */
const closeAfter = (socket: WebSocket, count: number) => {
  let left = count;
  socket.on('message', () => {
    left -= 1;
    if (left === 0) socket.close(1000, 'done');
  });
};

describe.each(withAndWithout)('a WebSocket goes through the sidecar as it goes directly, %s', (_, policy) => {
  const through: Lead = (upstream) => throughSidecar(upstream, 'http', policy);

  /** Holds a conversation both ways, and expects that neither side can tell. Gives what they saw. */
  async function sameBothWays(conversation: Conversation) {
    const [one, other] = await Promise.all([converse(conversation, directly), converse(conversation, through)]);
    expect(other).toStrictEqual(one);
    return one;
  }

  test('text and binary messages, also empty and in fragments', async () => {
    const { client, server } = await sameBothWays({
      serve: echo,
      talk(socket) {
        closeAfter(socket, 5);
        socket.send('Grüße – 你好');
        socket.send(Buffer.from([0, 1, 2, 253, 254, 255]));
        socket.send('');
        socket.send('frag', { fin: false });
        socket.send('ment', { fin: true });
        socket.send(Buffer.alloc(0));
      },
    });
    const text = (message: string) => ({ message, binary: false });
    expect(server.seen).toEqual([
      text(Buffer.from('Grüße – 你好').toString('latin1')),
      { message: '\x00\x01\x02\xfd\xfe\xff', binary: true },
      text(''),
      text('fragment'),
      { message: '', binary: true },
      { close: 1000, reason: 'done' },
    ]);
    expect(client.seen).toEqual(server.seen);
    expect(server.headers).toMatchObject({
      url: '/socket?a=b',
      headers: { 'x-test': '1', upgrade: 'websocket' },
      upgrades: true,
      named: true,
    });
  });

  test('a thousand messages, in order', async () => {
    const { client } = await sameBothWays({
      serve: echo,
      talk(socket) {
        closeAfter(socket, 1000);
        for (let i = 0; i < 1000; i += 1) socket.send(String(i));
      },
    });
    expect(client.seen.slice(0, -1)).toEqual(Array.from({ length: 1000 }, (_, i) => ({ message: String(i), binary: false })));
  });

  test('the subprotocol that the server picks', async () => {
    const { client } = await sameBothWays({
      options: { handleProtocols: () => 'second.v2' },
      protocols: ['first.v1', 'second.v2'],
      serve: (socket) => socket.close(),
      talk() {},
    });
    expect(client.protocol).toBe('second.v2');
  });

  test('pings and pongs of both sides', async () => {
    const { client, server } = await sameBothWays({
      serve(socket) {
        socket.on('ping', () => socket.ping('from the server'));
      },
      talk(socket) {
        socket.ping('from the client');
        socket.on('ping', () => socket.close());
      },
    });
    expect(client.seen).toEqual([{ pong: 'from the client' }, { ping: 'from the server' }, { close: 1005, reason: '' }]);
    expect(server.seen).toEqual([{ ping: 'from the client' }, { pong: 'from the server' }, { close: 1005, reason: '' }]);
  });

  test.each([
    ['plain', false],
    ['compressed', true],
  ])('messages of 5 MB, %s', async (_, perMessageDeflate) => {
    const block = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31) & 0xff));
    const large = Buffer.concat(Array.from({ length: 1000 }, () => block));
    const { client } = await sameBothWays({
      options: { perMessageDeflate },
      client: { perMessageDeflate },
      serve: echo,
      talk(socket) {
        closeAfter(socket, 2);
        socket.send(large);
        socket.send(large.toString('base64'));
      },
    });
    expect(client.extensions).toBe(perMessageDeflate ? 'permessage-deflate' : '');
    expect(client.seen.map((one) => ('message' in one ? one.message.length : one))).toEqual([
      5_000_000,
      large.toString('base64').length,
      { close: 1000, reason: 'done' },
    ]);
    expect(client.seen[0]).toEqual({ message: large.toString('latin1'), binary: true });
  });

  test('what the server says before the client has said anything', async () => {
    const { client } = await sameBothWays({
      serve(socket) {
        socket.send('welcome');
        socket.close(4000, 'enough');
      },
      talk() {},
    });
    expect(client.seen).toEqual([
      { message: 'welcome', binary: false },
      { close: 4000, reason: 'enough' },
    ]);
  });

  test.each([1000, 1001, 1011, 3000, 4999])('the close code %i, of either side', async (code) => {
    const reason = 'Grüße';
    const byServer = await sameBothWays({ serve: (socket) => socket.close(code, reason), talk() {} });
    const byClient = await sameBothWays({ serve() {}, talk: (socket) => socket.close(code, reason) });
    expect(byServer.client.seen).toEqual([{ close: code, reason }]);
    expect(byClient.server.seen).toEqual([{ close: code, reason }]);
  });

  test('a side that is gone without a word', async () => {
    const server = await sameBothWays({ serve: (socket) => socket.terminate(), talk() {} });
    const client = await sameBothWays({ serve() {}, talk: (socket) => socket.terminate() });
    expect(server.client.seen).toEqual([{ close: 1006, reason: '' }]);
    expect(client.server.seen).toEqual([{ close: 1006, reason: '' }]);
  });

  test.each([401, 403, 404, 426, 503])('an upgrade that is refused with %i and a body', async (status) => {
    const server = createServer();
    server.on('upgrade', (_, socket) => {
      // Node no longer listens to a socket that it has handed over, and the other side may reset it.
      socket.on('error', () => {});
      const body = '{"error":"no entry"}';
      const head = [`HTTP/1.1 ${status} Sorry`, 'WWW-Authenticate: Bearer', `Content-Length: ${body.length}`, 'Connection: close'];
      socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
    });
    const upstream = { url: `http://127.0.0.1:${await listening(server)}` };
    const [one, other] = await Promise.all([refusal(upstream), refusal(await through(upstream))]);
    expect(one).toEqual({ status, statusText: 'Sorry', authenticate: 'Bearer', body: '{"error":"no entry"}' });
    expect(other).toEqual(one);
  });
});

async function refusal({ url }: Way) {
  const socket = new WebSocket(url.replace('http', 'ws'));
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, statusText: response.statusMessage, authenticate: response.headers['www-authenticate'], body };
}
