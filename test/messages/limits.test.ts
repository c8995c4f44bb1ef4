import { describe, expect, test } from 'vitest';
import { statusOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { type SidecarSettings, sidecarFor } from '../kit/start-sidecar.ts';
import { within } from '../kit/timing.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);

describe('the head of a request', () => {
  test('may be just below 16 KB', async () => {
    const { proxy } = await start();
    const lines = Array.from({ length: 150 }, (_, i) => `X-${i}: ${'a'.repeat(95)}`);
    expect(statusOf(await exchange(proxy, http(['GET / HTTP/1.1', 'Host: a', ...lines])))).toBe(200);
  });

  test.each([
    ['one long field', `X-A: ${'a'.repeat(17_000)}`],
    ['many fields', Array.from({ length: 400 }, (_, i) => `X-${i}: ${'a'.repeat(40)}`).join('\r\n')],
  ])('gets 431 above 16 KB, and its connection is closed: %s', async (_, lines) => {
    const { proxy, upstream } = await start();
    const client = await rawClient(proxy);
    client.send(http(['GET / HTTP/1.1', 'Host: a', lines]));
    expect(statusOf(await client.response())).toBe(431);
    await client.ended;
    expect(upstream.received).toBe('');
  });

  test('may be larger where the configuration says so', async () => {
    const { proxy, upstream } = await start({ limits: { headers: '64KB' } });
    expect(statusOf(await exchange(proxy, http(['GET / HTTP/1.1', 'Host: a', `X-A: ${'a'.repeat(40_000)}`])))).toBe(200);
    expect(upstream.requests[0]!.raw.length).toBeGreaterThan(40_000);
  });

  test('loses no field however many there are: all go on or the request is refused', async () => {
    const { proxy, upstream } = await start();
    const lines = Array.from({ length: 3_000 }, () => 'a:b');
    const status = statusOf(await exchange(proxy, http(['GET / HTTP/1.1', 'Host: a', ...lines])));
    if (status === 200) expect(upstream.requests[0]!.headerLines.filter((line) => line.startsWith('a'))).toHaveLength(3_000);
    else expect([400, 431]).toContain(status);
  });

  test('has a target of up to 8 KB', async () => {
    const { proxy, upstream } = await start();
    const path = `/${'a'.repeat(8_000)}`;
    expect(statusOf(await exchange(proxy, http([`GET ${path} HTTP/1.1`, 'Host: a'])))).toBe(200);
    expect(upstream.requests[0]!.startLine).toBe(`GET ${path} HTTP/1.1`);
  });
});

describe('the head of a response', () => {
  test('may be as large as that of a request', async () => {
    const { proxy } = await start({}, ok('ok', `X-A: ${'a'.repeat(15_000)}`));
    expect(statusOf(await exchange(proxy, get))).toBe(200);
  });
});

describe('a request body above the limit', () => {
  const settings = { limits: { requestBody: '1KB' } };

  test('gets 413 at once where its length is announced, and nothing goes on', async () => {
    const { proxy, upstream } = await start(settings);
    expect(statusOf(await exchange(proxy, http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 1025'])))).toBe(413);
    expect(upstream.connections).toEqual([]);
  });

  test('gets 413 where it turns out so, and the upstream never sees its end', async () => {
    const { proxy, upstream } = await start(settings);
    const client = await rawClient(proxy);
    client.send(http(['POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked']));
    for (let i = 0; i < 11; i += 1) client.send(chunk('a'.repeat(100)));
    client.send(lastChunk);
    expect(statusOf(await client.response())).toBe(413);
    await client.ended;
    await upstream.quiet();
    expect(upstream.requests.filter((request) => request.whole)).toEqual([]);
  });

  test('is one byte more than what is served', async () => {
    const { proxy, upstream } = await start(settings);
    expect(statusOf(await exchange(proxy, http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 1024'], 'a'.repeat(1024))))).toBe(200);
    const chunked = http(['POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked']) + chunk('a'.repeat(1024)) + lastChunk;
    expect(statusOf(await exchange(proxy, chunked))).toBe(200);
    expect(upstream.requests.map((request) => request.body.length)).toEqual([1024, 1024]);
  });

  test('closes its connection, so that the rest of it is not read as a request', async () => {
    const { proxy, upstream } = await start(settings);
    const client = await rawClient(proxy);
    const rest = http(['GET /smuggled HTTP/1.1', 'Host: a']);
    client.send(http(['POST / HTTP/1.1', 'Host: a', `Content-Length: ${2000 + rest.length}`], 'a'.repeat(2000)));
    expect(statusOf(await client.response())).toBe(413);
    client.send(rest);
    await within(2_000, client.ended, 'the end');
    expect(upstream.received).not.toContain('smuggled');
  });
});

describe('a slow agent', () => {
  test('that dribbles its head is cut off when headersTimeout has passed, not later with every byte', async () => {
    const { proxy, upstream } = await start({ limits: { headersTimeout: '300ms' } });
    const client = await rawClient(proxy);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n');
    const dribble = setInterval(() => client.send('X'), 50);
    const startedAt = performance.now();
    await within(3_000, client.ended, 'the end').finally(() => clearInterval(dribble));
    expect(client.endedAt! - startedAt).toBeGreaterThan(250);
    expect(client.endedAt! - startedAt).toBeLessThan(2_000);
    expect(client.received === '' || client.received.startsWith('HTTP/1.1 408 ')).toBe(true);
    expect(upstream.connections).toEqual([]);
  });

  test('that dribbles its body is cut off when requestTimeout has passed, and so is its upload', async () => {
    const { proxy, upstream } = await start({ limits: { requestTimeout: '300ms', headersTimeout: '200ms' } });
    const client = await rawClient(proxy);
    client.send(http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 1000'], 'a'));
    const dribble = setInterval(() => client.send('a'), 50);
    await within(3_000, client.ended, 'the end').finally(() => clearInterval(dribble));
    await within(1_000, (await upstream.connection()).ended, 'the end of the upload');
  });

  test('that takes its time between requests keeps its connection for a while', async () => {
    const { proxy } = await start();
    const client = await rawClient(proxy);
    for (let i = 0; i < 3; i += 1) {
      client.send(get);
      expect(statusOf(await client.response())).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test('does not keep others from being served: 500 that dribble', async () => {
    const { proxy } = await start();
    const slow = await Promise.all(Array.from({ length: 500 }, () => rawClient(proxy)));
    for (const client of slow) client.send('GET / HTTP/1.1\r\nHost: a\r\nX-A: ');
    const dribble = setInterval(() => {
      for (const client of slow) client.send('a');
    }, 100);
    try {
      for (let i = 0; i < 200; i += 1) expect(statusOf(await within(2_000, exchange(proxy, get), 'an answer'))).toBe(200);
    } finally {
      clearInterval(dribble);
    }
  });
});

describe('pipelined requests', () => {
  test('are answered one after the other, in order', async () => {
    const { proxy } = await start({}, (request) => ok(request.startLine));
    const client = await rawClient(proxy);
    client.send(Array.from({ length: 20 }, (_, i) => http([`GET /${i} HTTP/1.1`, 'Host: a'])).join(''));
    for (let i = 0; i < 20; i += 1) expect((await client.response()).body).toBe(`GET /${i} HTTP/1.1`);
  });

  test('are not run at the same time unless they are all safe (RFC 9112, 9.3.2)', async () => {
    const { proxy, upstream } = await start({}, (request) => ok(request.startLine));
    const client = await rawClient(proxy);
    const posts = Array.from(
      { length: 10 },
      (_, i) => http([`POST /${i} HTTP/1.1`, 'Host: a', 'Transfer-Encoding: chunked']) + chunk('a') + lastChunk,
    );
    client.send(posts.join(''));
    for (let i = 0; i < 10; i += 1) expect((await client.response()).body).toBe(`POST /${i} HTTP/1.1`);
    expect(upstream.connections).toHaveLength(1);
  });

  test('behind a Connection: close are not read', async () => {
    const { proxy, upstream } = await start();
    const client = await rawClient(proxy);
    client.send(http(['GET /one HTTP/1.1', 'Host: a', 'Connection: close']) + http(['GET /two HTTP/1.1', 'Host: a']));
    expect(statusOf(await client.response())).toBe(200);
    expect(await client.ended).toBeDefined();
    expect(upstream.received).not.toContain('/two');
  });
});

async function start(settings: SidecarSettings = {}, reply: Parameters<typeof answer>[0] = ok()) {
  const upstream = await rawUpstream(answer(reply));
  const { proxy } = await sidecarFor(upstream, settings);
  return { upstream, proxy };
}
