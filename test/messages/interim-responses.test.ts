import { describe, expect, test } from 'vitest';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { http, ok } from '../kit/http-text.ts';
import { rawClient } from '../kit/raw-client.ts';
import { answer, rawUpstream, type Script, silent } from '../kit/raw-upstream.ts';
import { type SidecarSettings, sidecarFor } from '../kit/start-sidecar.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);
const hints = http(['HTTP/1.1 103 Early Hints', 'Link: </a.css>; rel=preload', 'Link: </b.js>; rel=preload', 'X-Hint: 1']);

describe('interim responses of the upstream', () => {
  test('103 reaches the agent before the upstream gives its final response', async () => {
    const { client, upstream } = await start(silent);
    client.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    connection.send(hints);
    const interim = await client.responseHead({ interim: true });
    expect(statusOf(interim)).toBe(103);
    expect(valuesOf(interim, 'link').join(', ')).toBe('</a.css>; rel=preload, </b.js>; rel=preload');
    connection.send(ok());
    expect((await client.response()).body).toBe('ok');
  });

  test('several 103 come in their order', async () => {
    const { client } = await start(answer(hints + hints.replace('a.css', 'c.css') + ok()));
    client.send(get);
    expect((await client.response()).body).toBe('ok');
    expect(client.interim.map(statusOf)).toEqual([103, 103]);
    expect(valuesOf(client.interim[1]!, 'link')[0]).toContain('c.css');
  });

  test('103 does not reach an agent of HTTP/1.0', async () => {
    const { client } = await start(answer(hints + ok()));
    client.send(http(['GET / HTTP/1.0', 'Host: a']));
    expect(statusOf(await client.response())).toBe(200);
    expect(client.interim).toEqual([]);
  });

  test('103 does not commit: the call can still be tried again', async () => {
    const replies = [hints + http(['HTTP/1.1 503 Busy', 'Content-Length: 0']), ok()];
    const { client } = await start(
      answer(() => replies.shift()!),
      { policy: { retry: { backoff: { base: '1ms' } } } },
    );
    client.send(get);
    expect((await client.response()).body).toBe('ok');
  });

  test('the connection-level fields of a 103 stay behind', async () => {
    const { client } = await start(
      answer(http(['HTTP/1.1 103 Early Hints', 'Link: </a>', 'Connection: x-a', 'X-A: 1', 'Keep-Alive: 3']) + ok()),
    );
    client.send(get);
    await client.response();
    expect(client.interim.map((head) => head.headerLines.join().toLowerCase())).toEqual(['link: </a>']);
  });

  test.each([100, 102, 104, 199])('%i is swallowed, and the final response goes through', async (status) => {
    const { client } = await start(answer(http([`HTTP/1.1 ${status} Interim`, 'X-A: 1']) + ok()));
    client.send(get);
    expect((await client.response()).body).toBe('ok');
    expect(client.interim).toEqual([]);
  });

  test('100 in the middle of an upload is swallowed', async () => {
    const { client, upstream } = await start(silent);
    client.send(http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 4'], 'bo'));
    const connection = await upstream.connection();
    await connection.seen('bo');
    connection.send(http(['HTTP/1.1 100 Continue']));
    client.send('dy');
    await connection.seen('body');
    connection.send(ok());
    expect((await client.response()).body).toBe('ok');
    expect(client.interim).toEqual([]);
  });

  test('up to a sane number of them are borne', async () => {
    const { client } = await start(answer(http(['HTTP/1.1 102 Processing']).repeat(30) + ok()));
    client.send(get);
    expect((await client.response()).body).toBe('ok');
  });
});

async function start(script: Script, settings: SidecarSettings = {}) {
  const upstream = await rawUpstream(script);
  const { proxy } = await sidecarFor(upstream, settings);
  return { upstream, client: await rawClient(proxy) };
}
