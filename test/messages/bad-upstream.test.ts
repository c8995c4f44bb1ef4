import { describe, expect, test } from 'vitest';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { rawClient } from '../kit/raw-client.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { resources } from '../kit/resources.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { within } from '../kit/timing.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);
const chunked = http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']);
const alert = '\x15\x03\x03\x00\x02\x02\x46';

/** Bytes after which it is certain that no valid answer comes. The upstream keeps the connection open. */
const hopeless: [what: string, bytes: string][] = [
  ['garbage', 'this is not HTTP at all\r\n\r\n'],
  ['a TLS alert on a plain port', alert],
  ['an SSH banner', 'SSH-2.0-OpenSSH_9.2p1 Debian\r\n'],
  ['NULs', '\0'.repeat(64)],
  ['frames of HTTP/2', '\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80'],
  ['another protocol', 'ICY 200 OK\r\n\r\n'],
  ['an odd version', 'HTTP/1.7 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a version 2', 'HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status of letters', 'HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n'],
  ['Content-Length with Transfer-Encoding', http(['HTTP/1.1 200 OK', 'Content-Length: 3', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
  ['two different Content-Length', http(['HTTP/1.1 200 OK', 'Content-Length: 3', 'Content-Length: 2'], 'abc')],
  ['a negative Content-Length', http(['HTTP/1.1 200 OK', 'Content-Length: -3'], 'abc')],
  ['a Content-Length that overflows', http(['HTTP/1.1 200 OK', 'Content-Length: 99999999999999999999999'], 'abc')],
  ['a Content-Length of letters', http(['HTTP/1.1 200 OK', 'Content-Length: abc'], 'abc')],
  ['a field without a colon', http(['HTTP/1.1 200 OK', 'Nonsense', 'Content-Length: 0'])],
  ['a space before the colon', http(['HTTP/1.1 200 OK', 'Content-Length : 0'])],
  ['a NUL in a field', http(['HTTP/1.1 200 OK', 'X-A: \0', 'Content-Length: 0'])],
  ['a bare CR in a field', http(['HTTP/1.1 200 OK', 'X-A: a\rb', 'Content-Length: 0'])],
  ['a head of 100 KB', http(['HTTP/1.1 200 OK', `X-A: ${'a'.repeat(100_000)}`, 'Content-Length: 0'])],
  ['a reason phrase of 100 KB', http([`HTTP/1.1 200 ${'a'.repeat(100_000)}`, 'Content-Length: 0'])],
  ['1 MB of a field that never ends', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(1_000_000)}`],
  ['20,000 interim responses', http(['HTTP/1.1 102 Processing']).repeat(20_000)],
  ['20,000 hints', http(['HTTP/1.1 103 Early Hints', 'Link: </a>']).repeat(20_000)],
  ['33 interim responses and no end of them', http(['HTTP/1.1 100 Continue']).repeat(33)],
  ['a 101 that nobody asked for', http(['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'], 'raw bytes')],
];

describe('an upstream that does not speak HTTP', () => {
  test.each(hopeless)('gets the agent a 502 within 100 ms of its bytes: %s', async (_, bytes) => {
    const { client, connection, upstream } = await called();
    const sentAt = performance.now();
    connection.send(bytes);
    const response = await within(2_000, client.response(), 'an answer');
    expect(performance.now() - sentAt).toBeLessThan(100);
    expect(statusOf(response)).toBe(502);
    expect(valuesOf(response, 'proxy-status').join()).toMatch(/^outrigger; error=http_protocol_error/);
    await within(1_000, connection.ended, 'the end of the upstream connection');
    await servesOn(client, upstream);
  });

  test.each([
    ['nothing', ''],
    ['half a status line', 'HTTP/1.1 20'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['an interim response alone', http(['HTTP/1.1 102 Processing'])],
  ])('gets the agent a 502 within 100 ms if it sends %s and closes', async (_, bytes) => {
    const { client, connection, upstream } = await called();
    const sentAt = performance.now();
    connection.send(bytes);
    connection.halfClose();
    expect(statusOf(await within(2_000, client.response(), 'an answer'))).toBe(502);
    expect(performance.now() - sentAt).toBeLessThan(100);
    await servesOn(client, upstream);
  });

  test('gets the agent a 502 within 50 ms if it resets the connection', async () => {
    const { client, connection } = await called();
    const sentAt = performance.now();
    connection.reset();
    expect(statusOf(await within(2_000, client.response(), 'an answer'))).toBe(502);
    expect(performance.now() - sentAt).toBeLessThan(50);
  });

  test('costs no memory, however long it goes on', async () => {
    const upstream = await rawUpstream(async (connection, index) => {
      await connection.requestHead();
      const [, bytes] = hopeless[index % hopeless.length]!;
      connection.send(bytes);
    });
    const { proxy } = await sidecarFor(upstream);
    const call = async () => {
      const client = await rawClient(proxy);
      client.send(get);
      expect(statusOf(await client.response())).toBe(502);
      client.close();
    };
    for (let i = 0; i < hopeless.length * 3; i += 1) await call();
    const before = await resources();
    for (let i = 0; i < hopeless.length * 20; i += 1) await call();
    expect((await resources()).heapBytes - before.heapBytes).toBeLessThan(10_000_000);
  }, 60_000);
});

describe('an upstream that breaks HTTP in its body', () => {
  test.each([
    ['a chunk size that is no number', `${chunked}${chunk('good')}nonsense\r\n`],
    ['a negative chunk size', `${chunked}${chunk('good')}-1\r\n`],
    ['a chunk size that overflows', `${chunked}${chunk('good')}fffffffffffffffff\r\n`],
    ['a chunk that is longer than its size', `${chunked}${chunk('good')}3\r\nabcdef\r\n`],
    ['trailers of 100 KB', `${chunked}${chunk('good')}0\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`],
  ])('breaks the connection of the agent within 100 ms, without an end of the body: %s', async (_, bytes) => {
    const { client, connection, upstream } = await called();
    const sentAt = performance.now();
    connection.send(bytes);
    await within(2_000, client.ended, 'the end');
    expect(client.endedAt! - sentAt).toBeLessThan(100);
    expect(client.received).not.toContain(`\r\n${lastChunk}`);
    expect((await client.response()).whole).toBe(false);
    await within(1_000, connection.ended, 'the end of the upstream connection');
    await servesOn(await rawClient(client.address), upstream);
  });

  test('sends more than its Content-Length: the agent gets exactly that much, and the connection is dropped', async () => {
    const { client, connection, upstream } = await called();
    connection.send(http(['HTTP/1.1 200 OK', 'Content-Length: 5', 'Connection: close'], 'exact and thirty-one bytes more…'.slice(0, 36)));
    const response = await client.response();
    expect(response.whole && response.body).toBe('exact');
    await within(1_000, connection.ended, 'the end of the upstream connection');
    await servesOn(client, upstream);
    expect(client.received).not.toContain('thirty');
  });
});

/** One call that has reached the upstream; what comes after it on another connection is answered well. */
async function called() {
  const upstream = await rawUpstream(async (connection, index) => {
    while (await connection.request()) if (index > 0) connection.send(ok('good again'));
  });
  const { proxy } = await sidecarFor(upstream);
  const client = Object.assign(await rawClient(proxy), { address: proxy });
  client.send(get);
  const connection = await upstream.connection();
  while (connection.requests.length === 0) await new Promise(setImmediate);
  return { client, connection, upstream };
}

async function servesOn(client: Awaited<ReturnType<typeof rawClient>>, upstream: { connections: unknown[] }) {
  client.send(get);
  expect((await client.response()).body).toBe('good again');
  expect(upstream.connections).toHaveLength(2);
}
