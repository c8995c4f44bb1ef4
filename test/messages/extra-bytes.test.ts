import { describe, expect, test } from 'vitest';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { rawClient } from '../kit/raw-client.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { eventually } from '../kit/timing.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);

describe('bytes that an upstream sends behind its message', () => {
  test.each([
    ['a second response', ok('good') + ok('poisoned')],
    ['garbage', `${ok('good')}poisoned`],
    ['more than its Content-Length', http(['HTTP/1.1 200 OK', 'Content-Length: 4'], 'good and poisoned')],
    [
      'a second response behind the last chunk',
      `${http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'])}${chunk('good')}${lastChunk}${ok('poisoned')}`,
    ],
    [
      'more than its Content-Length, announcing to close',
      http(['HTTP/1.1 200 OK', 'Connection: close', 'Content-Length: 4'], 'good and poisoned'),
    ],
  ])('are given to nobody, and the connection is not used again: %s', async (_, reply) => {
    const { client, upstream } = await start(reply);
    client.send(get);
    expect((await client.response()).body).toBe('good');
    client.send(get);
    expect((await client.response()).body).toBe('clean 1');
    await upstream.connections[0]!.ended;
    expect(client.received).not.toContain('poisoned');
  });

  test('and come while the connection is idle, too', async () => {
    const { client, upstream } = await start(ok('good'));
    client.send(get);
    expect((await client.response()).body).toBe('good');
    const [connection] = upstream.connections;
    connection!.send(ok('poisoned'));
    await connection!.ended;
    client.send(get);
    expect((await client.response()).body).toBe('clean 1');
    expect(client.received).not.toContain('poisoned');
  });

  test('never answer another agent that waits at the same time', async () => {
    const upstream = await rawUpstream(async (connection) => {
      for (;;) {
        const request = await connection.request();
        if (!request?.whole) return;
        connection.send(ok(request.startLine) + ok('poisoned'));
      }
    });
    const { proxy } = await sidecarFor(upstream);
    const calls = Array.from({ length: 50 }, async (_, i) => {
      const client = await rawClient(proxy);
      client.send(http([`GET /${i} HTTP/1.1`, 'Host: a']));
      return (await client.response()).body;
    });
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, (_, i) => `GET /${i} HTTP/1.1`));
    await eventually('all upstream connections are closed', () => upstream.open === 0);
  });
});

async function start(first: string) {
  const upstream = await rawUpstream(async (connection, index) => {
    while (await connection.request()) connection.send(index === 0 ? first : ok(`clean ${index}`));
  });
  const { proxy } = await sidecarFor(upstream);
  return { upstream, client: await rawClient(proxy) };
}
