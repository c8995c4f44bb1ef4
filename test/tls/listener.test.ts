import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { duplexPair } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import OpenAI from 'openai';
import { Agent, fetch } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { freePort } from '../kit/free-port.ts';
import { valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { RawClient } from '../kit/raw-client.ts';
import { answer, type RawUpstream, rawUpstream, type Script, silent } from '../kit/raw-upstream.ts';
import { type SidecarSettings, sidecar, sidecarFor } from '../kit/start-sidecar.ts';
import { within } from '../kit/timing.ts';
import { startProcess } from '../life/sidecar-process.ts';
import { authority, certificateFile, pair, trusting } from './certificates.ts';

const listen = { address: '127.0.0.1:0', cert: certificateFile('server'), key: certificateFile('key') };
const get = http(['GET / HTTP/1.1', 'Host: a']);
const cutAfter =
  (sent: string): Script =>
  async (connection) => {
    await connection.request();
    connection.send(sent);
    setTimeout(() => connection.reset(), 30);
  };

describe('a listener with a certificate serves', () => {
  test('fetch', async () => {
    const { url, upstream, dispatcher } = await start(answer(({ body }) => ok(`got ${body}`)));
    const response = await fetch(`${url}/a?b=c`, { method: 'POST', body: 'hello', dispatcher });
    expect(await response.text()).toBe('got hello');
    expect(response.headers.get('x-outrigger-attempts')).toMatch(/^peer;verdict=ok;ms=/);
    expect(upstream.requests).toMatchObject([{ startLine: 'POST /a?b=c HTTP/1.1' }]);
    expect(valuesOf(upstream.requests[0]!, 'host')).toEqual([upstream.authority]);
  });

  test('the OpenAI SDK: an answer and a stream', async () => {
    const said = { id: '1', object: 'chat.completion', created: 1, model: 'm' };
    const whole = JSON.stringify({
      ...said,
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello' } }],
    });
    const events = ['Hel', 'lo'].map((content) =>
      chunk(`data: ${JSON.stringify({ ...said, object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })}\n\n`),
    );
    const stream = http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked'], events.join(''));
    const { url, dispatcher } = await start(
      answer(({ body }) =>
        body.includes('"stream":true') ? stream + chunk('data: [DONE]\n\n') + lastChunk : ok(whole, 'Content-Type: application/json'),
      ),
      { upstream: { dialect: 'openai' } },
    );
    const client = new OpenAI({
      apiKey: 'sk-test',
      baseURL: `${url}/v1`,
      maxRetries: 0,
      fetch: fetch as never,
      fetchOptions: { dispatcher } as never,
    });
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const answered = await client.chat.completions.create({ model: 'm', messages });
    expect(answered.choices[0]!.message.content).toBe('Hello');
    let text = '';
    for await (const event of await client.chat.completions.create({ model: 'm', messages, stream: true })) {
      text += event.choices[0]?.delta.content ?? '';
    }
    expect(text).toBe('Hello');
  });

  test('WebSockets, messages of 1 MB too', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    onTestFinished(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    server.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
    const { port } = server.address() as AddressInfo;
    const { proxy } = await sidecarFor({ url: `http://127.0.0.1:${port}` }, { listen });
    const socket = new WebSocket(`wss://127.0.0.1:${proxy.port}/socket`, { ca: authority });
    await once(socket, 'open');
    for (const message of ['hello', 'x'.repeat(1024 * 1024)]) {
      socket.send(message);
      const [echoed] = (await once(socket, 'message')) as [Buffer];
      expect(echoed.toString() === message).toBe(true);
    }
    const closed = once(socket, 'close');
    socket.close(4001, 'done');
    expect(await closed).toMatchObject([4001, Buffer.from('done')]);
  });

  test('an upstream behind TLS, and neither side sees the certificate of the other', async () => {
    const inner = await start(answer(ok('through two')));
    const { proxy } = await sidecarFor({ url: inner.url }, { listen, upstream: { tls: trusting } });
    const client = await tlsClient(proxy.port);
    client.send(get);
    expect((await client.response()).body).toBe('through two');
  });

  test('many calls on one connection', async () => {
    const { port, upstream } = await start();
    const client = await tlsClient(port);
    for (let i = 0; i < 20; i += 1) {
      client.send(get);
      expect((await client.response()).body).toBe('ok');
    }
    expect(upstream.connections).toHaveLength(1);
  });

  test('10 MB each way', async () => {
    const megabytes = Buffer.alloc(10 * 1024 * 1024, 'abcdefg');
    const { url, dispatcher } = await start(answer(({ body }) => ok(body)));
    const response = await fetch(url, { method: 'POST', body: megabytes, dispatcher });
    expect(megabytes.equals(Buffer.from(await response.arrayBuffer()))).toBe(true);
  });

  test('where the program says: in a process of its own', async () => {
    const upstream = await rawUpstream();
    const { proxy } = await startProcess({ listen, upstreams: { peer: { url: upstream.url } }, routes: [{ path: '/', upstream: 'peer' }] });
    expect(proxy).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const [response] = (await once(httpsRequest(proxy, { ca: authority, agent: false }).end(), 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(200);
  });
});

describe('a listener with a certificate', () => {
  test('is not trusted by a client that does not know its authority', async () => {
    const { port, upstream } = await start();
    const socket = connect({ host: '127.0.0.1', port, ca: pair('stranger').cert });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(upstream.connections).toHaveLength(0);
  });

  test('refuses TLS 1.1', async () => {
    const { port } = await start();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const [error] = (await once(connect({ host: '127.0.0.1', port, ca: authority, ...old }), 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/^ERR_SSL_/);
  });

  test.each([
    ['plain HTTP', get],
    ['anything else', '\0\x01\x02 nonsense \r\n\r\n'],
  ])('ends a connection that speaks %s, without a call, and goes on', async (_, bytes) => {
    const { port, upstream } = await start();
    const plain = connectTcp(port, '127.0.0.1');
    plain.on('error', () => {});
    plain.write(bytes, 'latin1');
    await within(2_000, once(plain, 'close'), 'the end of the connection');
    const client = await tlsClient(port);
    client.send(get);
    expect((await client.response()).body).toBe('ok');
    expect(upstream.requests).toHaveLength(1);
  });

  test('loses its upstream within 100 ms of an agent that leaves', async () => {
    const { port, upstream } = await start(silent);
    const client = await tlsClient(port);
    client.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    const leftAt = performance.now();
    client.close();
    await within(1_000, connection.ended, 'the end of the connection');
    expect(connection.endedAt! - leftAt).toBeLessThan(100);
  });

  test.each([
    ['chunked', 'HTTP/1.1', http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], chunk('half'))],
    ['of known length', 'HTTP/1.1', http(['HTTP/1.1 200 OK', 'Content-Length: 8'], 'half')],
    ['of known length, for HTTP/1.0', 'HTTP/1.0', http(['HTTP/1.1 200 OK', 'Content-Length: 8'], 'half')],
  ])('breaks an answer that is cut: %s', async (_, version, sent) => {
    const { port } = await start(cutAfter(sent));
    const client = await tlsClient(port);
    client.send(get.replace('HTTP/1.1', version));
    const response = await within(2_000, client.response(), 'the end');
    expect(response).toMatchObject({ body: 'half', whole: false });
  });

  test('ends a whole answer to an agent of HTTP/1.0 with a close_notify', async () => {
    const { port } = await start(answer(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], chunk('whole') + lastChunk)));
    expect(await endOfHttp10(port)).toBe('close_notify');
  });

  test('resets the connection of an agent of HTTP/1.0 whose answer is cut: nothing else tells it', async () => {
    const { port } = await start(cutAfter(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], chunk('half'))));
    expect(await endOfHttp10(port)).toBe('reset');
  });

  test('tells a call that has gone in a circle', async () => {
    const port = await freePort();
    const own = {
      listen: { ...listen, address: `127.0.0.1:${port}` },
      upstreams: { peer: { url: `https://127.0.0.1:${port}`, tls: trusting } },
    };
    await sidecar({ ...own, routes: [{ path: '/', upstream: 'peer' }] });
    const client = await tlsClient(port);
    client.send(get);
    const response = await within(2_000, client.response(), 'the answer');
    expect(response.startLine).toContain(' 508 ');
    expect(JSON.parse(response.body)).toMatchObject({ code: 'loop_detected' });
  });

  test.each(['cert', 'key'])('does not start without its %s', async (name) => {
    const starting = sidecarFor({ url: 'http://127.0.0.1:9' }, { listen: { ...listen, [name]: '/nowhere/file.pem' } });
    await expect(starting).rejects.toThrow(`listen.${name}: there is no such file`);
  });
});

interface Started {
  url: string;
  port: number;
  upstream: RawUpstream;
  /** For undici's fetch, to trust the authority. */
  dispatcher: Agent;
}

async function start(script: Script = answer(ok()), settings: SidecarSettings = {}): Promise<Started> {
  const upstream = await rawUpstream(script);
  const { proxy } = await sidecarFor(upstream, { listen, ...settings });
  const dispatcher = new Agent({ connect: { ca: authority } });
  onTestFinished(() => dispatcher.destroy());
  return { url: `https://127.0.0.1:${proxy.port}`, port: proxy.port, upstream, dispatcher };
}

async function tlsSocket(port: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: authority });
  await once(socket, 'secureConnect');
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

async function tlsClient(port: number): Promise<RawClient> {
  return new RawClient(await tlsSocket(port));
}

/** How the connection ends after the answer to a request of HTTP/1.0, as TLS 1.2 shows it: its records tell their type. */
async function endOfHttp10(port: number): Promise<'close_notify' | 'fin' | 'reset'> {
  const tcp = connectTcp(port, '127.0.0.1');
  const received: Buffer[] = [];
  let end: 'fin' | 'reset' = 'fin';
  tcp.on('data', (bytes: Buffer) => received.push(bytes));
  tcp.on('error', () => {
    end = 'reset';
  });
  const closed = new Promise<void>((resolve) => tcp.once('close', () => resolve()));
  // Given the socket itself, TLS would read past whoever listens to it.
  const [observed, wire] = duplexPair();
  tcp.pipe(wire).pipe(tcp);
  const socket = connect({ socket: observed, host: '127.0.0.1', ca: authority, maxVersion: 'TLSv1.2' });
  let text = '';
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  socket.on('error', () => {});
  socket.write(get.replace('HTTP/1.1', 'HTTP/1.0'));
  await within(2_000, closed, 'the end of the connection');
  expect(text).toMatch(/(whole|half)$/);
  return lastRecordType(Buffer.concat(received)) === alert ? 'close_notify' : end;
}

const alert = 21;

/** The type of the last of these TLS records (RFC 5246, 6.2.1). */
function lastRecordType(bytes: Buffer): number | undefined {
  let type: number | undefined;
  for (let at = 0; at + 5 <= bytes.byteLength; at += 5 + bytes.readUInt16BE(at + 3)) type = bytes[at];
  return type;
}
