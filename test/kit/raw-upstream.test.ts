import { describe, expect, test } from 'vitest';
import { http, ok } from './http-text.ts';
import { exchange, rawClient } from './raw-client.ts';
import { answer, rawUpstream } from './raw-upstream.ts';

const get = http(['GET /a HTTP/1.1', 'Host: a']);

describe('the raw client and the raw upstream', () => {
  test('pass exact bytes to each other', async () => {
    const upstream = await rawUpstream(answer(ok('h\xe9', 'X-a: \xe9')));
    const response = await exchange(addressOf(upstream.port), get);
    expect(upstream.received).toBe(get);
    expect(response.raw).toBe('HTTP/1.1 200 OK\r\nX-a: \xe9\r\nContent-Length: 2\r\n\r\n');
    expect(response.body).toBe('h\xe9');
  });

  test('tell a clean end of the connection from a reset', async () => {
    const upstream = await rawUpstream(async (connection, index) => {
      await connection.requestHead();
      if (index === 0) connection.halfClose();
      else connection.reset();
    });
    for (const how of ['fin', 'reset']) {
      const client = await rawClient(addressOf(upstream.port));
      client.send(get);
      expect(await client.ended).toBe(how);
    }
  });

  test('count connections, and see them close', async () => {
    const upstream = await rawUpstream();
    const client = await rawClient(addressOf(upstream.port));
    client.send(get);
    await client.response();
    expect(upstream.open).toBe(1);
    client.close();
    expect(await upstream.connections[0]!.ended).toBe('fin');
    expect(upstream.connections[0]!.endedAt).toBeGreaterThan(0);
  });

  test('skip interim responses unless asked for', async () => {
    const upstream = await rawUpstream(answer(http(['HTTP/1.1 103 Early Hints', 'Link: x']) + ok()));
    const client = await rawClient(addressOf(upstream.port));
    client.send(get);
    expect((await client.response()).body).toBe('ok');
    expect(client.interim.map((head) => head.headerLines)).toEqual([['Link: x']]);
  });
});

function addressOf(port: number) {
  return { host: '127.0.0.1', port };
}
