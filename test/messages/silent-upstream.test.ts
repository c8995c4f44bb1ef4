import { describe, expect, test } from 'vitest';
import { blackHole } from '../kit/black-hole.ts';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { rawUpstream, silent } from '../kit/raw-upstream.ts';
import { handles } from '../kit/resources.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { eventually, within } from '../kit/timing.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);

describe('an upstream that takes no connection', () => {
  test('and refuses it gets the agent a 502 at once', async () => {
    const { proxy } = await sidecarFor({ url: 'http://127.0.0.1:1' });
    const startedAt = performance.now();
    expect(statusOf(await exchange(proxy, get))).toBe(502);
    expect(performance.now() - startedAt).toBeLessThan(100);
  });

  test('and does not even refuse it gets the agent a 504 when the connect timeout is over', async () => {
    const { proxy } = await sidecarFor(await blackHole(), { policy: { timeout: { connect: '200ms' } } });
    const startedAt = performance.now();
    const response = await exchange(proxy, get);
    expectAbout(performance.now() - startedAt, 200);
    expect(statusOf(response)).toBe(504);
    expect(valuesOf(response, 'proxy-status')).toEqual(['outrigger; error=connection_timeout']);
  });

  test('is let go within 100 ms of an agent that leaves', async () => {
    const { proxy } = await sidecarFor(await blackHole());
    const { sockets } = handles();
    const client = await rawClient(proxy);
    client.send(get);
    await eventually('the sidecar connects', () => connecting() === 1);
    const leftAt = performance.now();
    client.close();
    await eventually('the sidecar gives up', () => connecting() === 0, 1_000);
    expect(performance.now() - leftAt).toBeLessThan(100);
    await eventually('all sockets are closed', () => handles().sockets <= sockets, 1_000);
  });
});

describe('an upstream that does not answer', () => {
  test('gets the agent a 504 when the first byte is late, and its connection is not used again', async () => {
    const upstream = await rawUpstream(async (connection, index) => {
      await connection.request();
      if (index > 0) connection.send(ok());
    });
    const { proxy } = await sidecarFor(upstream, { policy: { timeout: { firstByte: '200ms' } } });
    const startedAt = performance.now();
    expect(statusOf(await exchange(proxy, get))).toBe(504);
    expectAbout(performance.now() - startedAt, 200);
    await within(1_000, upstream.connections[0]!.ended, 'the end of the connection');
    expect(statusOf(await exchange(proxy, get))).toBe(200);
  });

  test('gets the agent a 504 in the same time if its head comes byte by byte', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream, { policy: { timeout: { firstByte: '200ms' } } });
    const client = await rawClient(proxy);
    client.send(get);
    const startedAt = performance.now();
    const connection = await upstream.connection();
    let sent = 0;
    const dribble = setInterval(() => connection.send('HTTP/1.1 200 OK\r\nX-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.charAt(sent++)), 20);
    const response = await within(2_000, client.response(), 'an answer').finally(() => clearInterval(dribble));
    expectAbout(performance.now() - startedAt, 200);
    expect(statusOf(response)).toBe(504);
  });

  test('has the time that the agent takes for its upload on top', async () => {
    const upstream = await rawUpstream(async (connection) => {
      await connection.request();
      connection.send(ok());
    });
    const { proxy } = await sidecarFor(upstream, { policy: { timeout: { firstByte: '150ms' } } });
    const client = await rawClient(proxy);
    client.send(http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 6']));
    for (const byte of 'upload') {
      client.send(byte);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(statusOf(await client.response())).toBe(200);
  });
});

describe('an upstream that goes silent in its body', () => {
  test('breaks the connection of the agent when the idle timeout is over', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream, { policy: { timeout: { idle: '200ms' } } });
    const client = await rawClient(proxy);
    client.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    connection.send(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']) + chunk('half'));
    await client.seen('half');
    const silentAt = performance.now();
    const response = await within(2_000, client.response(), 'the end');
    expectAbout(performance.now() - silentAt, 200);
    expect(response.whole).toBe(false);
    await within(1_000, connection.ended, 'the end of the connection');
  });

  test('is not silent while the agent does not read', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream, { policy: { timeout: { idle: '200ms' } } });
    const client = await rawClient(proxy);
    client.socket.pause();
    client.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    const data = 'x'.repeat(20_000_000);
    connection.send(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']) + chunk(data) + lastChunk);
    await new Promise((resolve) => setTimeout(resolve, 600));
    // The kit's own reader keeps and searches all that it reads; here only the count and the end matter.
    let read = 0;
    let tail = '';
    client.socket.removeAllListeners('data').on('data', (bytes: Buffer) => {
      read += bytes.length;
      tail = (tail + bytes.toString('latin1')).slice(-lastChunk.length);
    });
    client.socket.resume();
    await eventually('the last chunk has come', () => tail === lastChunk);
    expect(read).toBeGreaterThan(data.length);
  });
});

/** Within 50 ms, and a little more for a busy machine. */
function expectAbout(ms: number, expectedMs: number): void {
  expect(ms).toBeGreaterThan(expectedMs - 10);
  expect(ms).toBeLessThan(expectedMs + 80);
}

/** Connections that are being made. */
function connecting(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'ConnectWrap').length;
}
