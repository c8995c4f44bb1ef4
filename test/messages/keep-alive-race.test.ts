import { describe, expect, test } from 'vitest';
import { statusOf } from '../kit/http-message.ts';
import { http, ok } from '../kit/http-text.ts';
import { rawClient } from '../kit/raw-client.ts';
import { answer, rawUpstream, type Script, type UpstreamConnection } from '../kit/raw-upstream.ts';
import { type SidecarSettings, sidecarFor } from '../kit/start-sidecar.ts';

/** Answers each request and goes away 3 ms later, at no point that a client could know of. */
function leavesSoon(leave: (connection: UpstreamConnection) => void): Script {
  return async (connection) => {
    while ((await connection.request())?.whole) {
      connection.send(ok());
      setTimeout(() => leave(connection), 3);
    }
  };
}

const byFin = leavesSoon((connection) => connection.halfClose());
const byRst = leavesSoon((connection) => connection.reset());
const get = http(['GET / HTTP/1.1', 'Host: a']);
const post = (lines: string[] = []) => http(['POST / HTTP/1.1', 'Host: a', ...lines, 'Content-Length: 4'], 'body');

describe('an upstream that closes its kept connections 3 ms after each answer', () => {
  test.each([
    ['GET, by FIN', byFin, get],
    ['GET, by RST', byRst, get],
    ['a POST that may be repeated, by FIN', byFin, post(['Idempotency-Key: 1'])],
    ['a POST that is declared safe, by FIN', byFin, post(['x-outrigger-idempotent: true'])],
    ['a POST that is declared safe, by RST', byRst, post(['x-outrigger-idempotent: true'])],
  ])('fails none of 200 calls in a row: %s', async (_, script, request) => {
    expect(await failuresOf(200, request, script)).toEqual([]);
  });

  test('fails next to none of 200 POSTs that must not be repeated: the end is mostly seen before the connection is used again', async () => {
    // An end that crosses the request on the wire cannot be told from one that follows it.
    expect((await failuresOf(200, post(), byFin)).length).toBeLessThanOrEqual(2);
  });

  test('fails none of 200 LLM calls', async () => {
    const body = '{"model":"m","messages":[]}';
    const request = http(['POST /v1/chat/completions HTTP/1.1', 'Host: a', 'Content-Type: application/json', 'Content-Length: 27'], body);
    expect(await failuresOf(200, request, byFin, { upstream: { dialect: 'openai' } })).toEqual([]);
  });
});

describe('a kept connection that dies under a request', () => {
  /** Answers the first request of the first connection; cuts it at the second. */
  const dies: Script = async (connection, index) => {
    for (let i = 0; ; i += 1) {
      const request = await connection.request();
      if (!request?.whole) return;
      if (index === 0 && i === 1) return connection.reset();
      connection.send(ok(`connection ${index}`));
    }
  };

  test.each([
    ['GET', get],
    ['HEAD', get.replace('GET', 'HEAD')],
    ['PUT', post().replace('POST', 'PUT')],
    ['DELETE', get.replace('GET', 'DELETE')],
    ['a POST with an Idempotency-Key', post(['Idempotency-Key: 1'])],
    ['a POST that is declared safe', post(['x-outrigger-idempotent: true'])],
  ])('is replaced once, unseen: %s', async (_, request) => {
    const { client, upstream } = await start(dies);
    const head = { head: request.startsWith('HEAD') };
    client.send(request);
    expect(statusOf(await client.response(head))).toBe(200);
    client.send(request);
    expect(statusOf(await client.response(head))).toBe(200);
    expect(upstream.connections).toHaveLength(2);
  });

  test('fails a POST that the upstream may have acted upon', async () => {
    const { client, upstream } = await start(dies);
    client.send(post());
    expect(statusOf(await client.response())).toBe(200);
    client.send(post());
    expect(statusOf(await client.response())).toBe(502);
    expect(upstream.requests).toHaveLength(2);
  });

  test('is replaced once only', async () => {
    const { client, upstream } = await start(async (connection, index) => {
      for (let i = 0; ; i += 1) {
        const request = await connection.request();
        if (!request?.whole) return;
        if (index > 0 || i === 1) return connection.reset();
        connection.send(ok());
      }
    });
    client.send(get);
    expect(statusOf(await client.response())).toBe(200);
    client.send(get);
    expect(statusOf(await client.response())).toBe(502);
    expect(upstream.requests).toHaveLength(3);
  });

  test('is not replaced where it was a fresh one', async () => {
    const { client, upstream } = await start(async (connection) => {
      await connection.request();
      connection.reset();
    });
    client.send(get);
    expect(statusOf(await client.response())).toBe(502);
    expect(upstream.requests).toHaveLength(1);
  });

  test('is not used beyond what the upstream hints with Keep-Alive: timeout', async () => {
    const { client, upstream } = await start(answer(ok('ok', 'Keep-Alive: timeout=1', 'Connection: keep-alive')));
    client.send(get);
    await client.response();
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    client.send(get);
    await client.response();
    expect(upstream.connections).toHaveLength(2);
  });

  test('is not used where the upstream said close', async () => {
    const { client, upstream } = await start(answer(ok('ok', 'Connection: close')));
    for (let i = 0; i < 3; i += 1) {
      client.send(get);
      await client.response();
    }
    expect(upstream.connections).toHaveLength(3);
  });
});

async function start(script: Script, settings: SidecarSettings = {}) {
  const upstream = await rawUpstream(script);
  const { proxy } = await sidecarFor(upstream, settings);
  return { upstream, client: await rawClient(proxy) };
}

/** The statuses of those of `count` calls in a row that did not end with 200. */
async function failuresOf(count: number, request: string, script: Script, settings: SidecarSettings = {}): Promise<number[]> {
  const { client } = await start(script, settings);
  const failures: number[] = [];
  for (let i = 0; i < count; i += 1) {
    client.send(request);
    const status = statusOf(await client.response());
    if (status !== 200) failures.push(status);
    // Calls fall before, on and behind the moment at which the connection closes.
    if (i % 4 > 0) await new Promise((resolve) => setTimeout(resolve, i % 4));
  }
  return failures;
}
