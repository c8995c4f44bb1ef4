import { describe, expect, test } from 'vitest';
import { statusOf } from '../kit/http-message.ts';
import { chunk, http, ok } from '../kit/http-text.ts';
import { exchange, type RawClient, rawClient } from '../kit/raw-client.ts';
import { answer, rawUpstream, silent, type UpstreamConnection } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { settled, within } from '../kit/timing.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);
const post = http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 1000'], 'some of it');
const ways = { FIN: (client: RawClient) => client.close(), RST: (client: RawClient) => client.reset() };
const bothWays = Object.keys(ways) as (keyof typeof ways)[];

/** The agent leaves now; the upstream must see it within 100 ms. */
async function leavesInTime(client: RawClient, how: keyof typeof ways, connection: UpstreamConnection) {
  const leftAt = performance.now();
  ways[how](client);
  await within(2_000, connection.ended, 'the end of the upstream connection');
  expect(connection.endedAt! - leftAt).toBeLessThan(100);
}

describe.each(bothWays)('an agent that leaves by %s aborts the upstream within 100 ms', (how) => {
  test('while TLS is being agreed', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor({ url: upstream.url.replace('http:', 'https:') });
    const client = await rawClient(proxy);
    client.send(get);
    const connection = await upstream.connection();
    // The first bytes of its hello; no answer ever comes.
    await connection.seen('\x16\x03');
    await leavesInTime(client, how, connection);
  });

  test('during its upload', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(post);
    const connection = await upstream.connection();
    await connection.seen('some of it');
    await leavesInTime(client, how, connection);
  });

  test('during an upload that the upstream does not read', async () => {
    const upstream = await rawUpstream((connection) => {
      connection.socket.pause();
    });
    const { proxy } = await sidecarFor(upstream, { limits: { requestBody: '64MB', replayBody: '1KB' } });
    const client = await rawClient(proxy);
    const body = 'x'.repeat(32_000_000);
    client.send(http(['POST / HTTP/1.1', 'Host: a', `Content-Length: ${body.length}`], body));
    const connection = await upstream.connection();
    await settled(() => client.socket.bytesWritten, 200);
    const leftAt = performance.now();
    ways[how](client);
    // A socket that is not read does not see the end either.
    connection.socket.resume();
    await within(2_000, connection.ended, 'the end of the upstream connection');
    expect(connection.endedAt! - leftAt).toBeLessThan(500);
  });

  test('before the head of the answer', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(get);
    const connection = await upstream.connection();
    await connection.seen('\r\n\r\n');
    await leavesInTime(client, how, connection);
  });

  test('between the head and the body', async () => {
    const { client, connection } = await answering(http(['HTTP/1.1 200 OK', 'Content-Length: 10']));
    await client.seen('\r\n\r\n');
    await leavesInTime(client, how, connection);
  });

  test('in the middle of a body of known length', async () => {
    const { client, connection } = await answering(http(['HTTP/1.1 200 OK', 'Content-Length: 10'], 'half'));
    await client.seen('half');
    await leavesInTime(client, how, connection);
  });

  test('in the middle of a stream', async () => {
    const head = http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked']);
    const { client, connection } = await answering(head + chunk('data: one\n\n'));
    await client.seen('one');
    await leavesInTime(client, how, connection);
  });

  test('while it does not read what the upstream sends', async () => {
    const upstream = await rawUpstream(async (connection) => {
      await connection.requestHead();
      connection.send(http(['HTTP/1.1 200 OK', 'Content-Length: 50000000'], 'x'.repeat(50_000_000)));
    });
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.socket.pause();
    client.send(get);
    const connection = await upstream.connection();
    await settled(() => connection.socket.bytesWritten - connection.socket.writableLength, 200);
    await leavesInTime(client, how, connection);
  });

  test('while the gate holds the answer back', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream, { upstream: { dialect: 'openai' }, policy: { retry: {} } });
    const client = await rawClient(proxy);
    client.send(http(['POST /v1/chat/completions HTTP/1.1', 'Host: a', 'Content-Length: 29'], '{"model":"m","stream": true }'));
    const connection = await upstream.connection();
    await connection.request();
    connection.send(http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked']) + chunk(': soon\n\n'));
    await leavesInTime(client, how, connection);
  });

  test('of a tunnel, before the upstream agrees to the upgrade', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(http(['GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket']));
    const connection = await upstream.connection();
    await connection.seen('\r\n\r\n');
    await leavesInTime(client, how, connection);
  });
});

describe('an agent that has left', () => {
  test('during a backoff gets no other attempt', async () => {
    const upstream = await rawUpstream(answer(http(['HTTP/1.1 503 Busy', 'Content-Length: 0'])));
    const { proxy } = await sidecarFor(upstream, {
      policy: { retry: { attempts: 2, backoff: { base: '200ms', jitter: 'none' } } },
    });
    const leaver = await rawClient(proxy);
    leaver.send(http(['GET /leaver HTTP/1.1', 'Host: a']));
    await (await upstream.connection()).seen('/leaver');
    const stayer = await rawClient(proxy);
    stayer.send(http(['GET /stayer HTTP/1.1', 'Host: a']));
    while (upstream.requests.length < 2) await new Promise(setImmediate);
    leaver.close();
    // The wait of the one that stays began later, so the other's would be over as well.
    expect(statusOf(await stayer.response())).toBe(503);
    expect(upstream.requests.map((request) => request.startLine).sort()).toEqual([
      'GET /leaver HTTP/1.1',
      'GET /stayer HTTP/1.1',
      'GET /stayer HTTP/1.1',
    ]);
  });

  test('in the queue gives its place there to the next, and never reaches the upstream', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream, { policy: { bulkhead: { concurrent: 1, queue: 1, wait: '5s' } } });
    const holder = await rawClient(proxy);
    holder.send(http(['GET /holder HTTP/1.1', 'Host: a']));
    const first = await upstream.connection();
    await first.request();
    const leaver = await rawClient(proxy);
    leaver.send(http(['GET /leaver HTTP/1.1', 'Host: a']));
    const refused = await rawClient(proxy);
    refused.send(get);
    // The queue of one is full by now, so the other one waits in it.
    expect(statusOf(await refused.response())).toBe(503);
    leaver.close();
    await leaver.ended;
    await new Promise(setImmediate);
    const next = await rawClient(proxy);
    next.send(http(['GET /next HTTP/1.1', 'Host: a']));
    first.send(ok('held'));
    expect((await holder.response()).body).toBe('held');
    while (!upstream.received.includes('/next')) await new Promise(setImmediate);
    expect(upstream.received).not.toContain('/leaver');
  });

  test('in the middle of a stream frees its place', async () => {
    const upstream = await rawUpstream(async (connection) => {
      await connection.requestHead();
      connection.send(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']) + chunk('one'));
    });
    const { proxy } = await sidecarFor(upstream, { policy: { bulkhead: { concurrent: 1, queue: 0 } } });
    for (let i = 0; i < 5; i += 1) {
      const client = await rawClient(proxy);
      client.send(get);
      expect(await client.seen('one')).toBe(true);
      client.reset();
      await (await upstream.connection(i)).ended;
    }
  });

  test('takes no connection from another agent whose call began at the same time', async () => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream, { policy: { bulkhead: { concurrent: 16, queue: 100 } } });
    const statuses: number[] = [];
    let left = 2_000;
    const agent = async () => {
      while (left > 0) {
        left -= 1;
        if (left % 2 === 0) statuses.push(statusOf(await exchange(proxy, get)));
        else {
          const leaver = await rawClient(proxy);
          leaver.send(get);
          leaver.close();
        }
      }
    };
    await Promise.all(Array.from({ length: 50 }, agent));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });
});

async function answering(reply: string) {
  const upstream = await rawUpstream(async (connection) => {
    await connection.requestHead();
    connection.send(reply);
  });
  const { proxy } = await sidecarFor(upstream);
  const client = await rawClient(proxy);
  client.send(get);
  return { client, connection: await upstream.connection() };
}
