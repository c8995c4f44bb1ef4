import { describe, expect, it } from 'vitest';
import { statusOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { answer, type RawUpstream, rawUpstream, silent } from '../kit/raw-upstream.ts';
import { handles } from '../kit/resources.ts';
import { eventually, within } from '../kit/timing.ts';
import { reloadingSidecar } from './reloading-sidecar.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);
const post = http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 2'], 'hi');
const streamHead = http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked']);
const unavailable = http(['HTTP/1.1 503 Service Unavailable', 'Content-Length: 0']);

function configFor({ url }: RawUpstream, more: { upstream?: object; policy?: object } = {}) {
  return {
    upstreams: { peer: { url, dialect: 'http', ...more.upstream } },
    routes: [{ path: '/', upstream: 'peer', policy: 'only' }],
    policies: { only: more.policy ?? {} },
  };
}

describe('a call that is under way when the configuration changes', () => {
  it('ends as it began: a stream goes on from an upstream that is gone, and what comes later goes elsewhere', async () => {
    const [first, second] = [await rawUpstream(silent), await rawUpstream(answer(ok('second')))];
    const sidecar = await reloadingSidecar(configFor(first));
    const agent = await rawClient(sidecar.proxy);
    agent.send(get);
    const connection = await first.connection();
    await connection.requestHead();
    connection.send(streamHead + chunk('data: 1\n\n'));
    await agent.seen('data: 1');

    sidecar.change({ upstreams: { other: { url: second.url, dialect: 'http' } }, routes: [{ path: '/', upstream: 'other' }] });
    expect((await exchange(sidecar.proxy, get)).body).toBe('second');
    expect(first.open).toBe(1);
    connection.send(chunk('data: 2\n\n') + lastChunk);
    expect(await agent.response()).toMatchObject({ whole: true, body: 'data: 1\n\ndata: 2\n\n' });
    await within(2000, connection.ended, 'the end of the connection that nobody needs any more');
    agent.send(get);
    expect((await agent.response()).body).toBe('second');
    expect(first.connections).toHaveLength(1);
  });

  it('is retried under the policies that it began with, at an upstream that is gone', async () => {
    const [first, second] = [await rawUpstream(silent), await rawUpstream()];
    const retry = { attempts: 3, backoff: { base: '1ms', max: '2ms' } };
    const sidecar = await reloadingSidecar(configFor(first, { policy: { retry } }));
    const agent = await rawClient(sidecar.proxy);
    agent.send(get);
    const connection = await first.connection();
    await connection.request();
    sidecar.change(configFor(second));
    sidecar.change(configFor(second, { policy: { deadline: '1s' } }));
    connection.send(unavailable);
    await connection.request();
    connection.send(unavailable);
    await connection.request();
    connection.send(ok('third time'));
    expect((await agent.response()).body).toBe('third time');
    await within(2000, connection.ended, 'the end of the connection');
    expect(second.requests).toHaveLength(0);
  });

  it('keeps a WebSocket open, and its connection is closed when that ends', async () => {
    const [first, second] = [await rawUpstream(silent), await rawUpstream()];
    const sidecar = await reloadingSidecar(configFor(first));
    const agent = await rawClient(sidecar.proxy);
    agent.send(http(['GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']));
    const connection = await first.connection();
    await connection.requestHead();
    connection.send(http(['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket']));
    expect(statusOf(await agent.responseHead())).toBe(101);
    sidecar.change(configFor(second));
    expect(statusOf(await exchange(sidecar.proxy, get))).toBe(200);
    agent.send('ping');
    await connection.seen('ping');
    connection.send('pong');
    await agent.seen('pong');
    agent.close();
    await within(2000, connection.ended, 'the end of the tunnel');
  });

  it('is not touched by many changes, and nobody is refused in between', async () => {
    const upstreams = [await rawUpstream(answer(ok('a'))), await rawUpstream(answer(ok('b')))] as const;
    const before = handles().sockets;
    const sidecar = await reloadingSidecar(configFor(upstreams[0]));
    const answers: string[] = [];
    let over = false;
    const agents = Array.from({ length: 10 }, async () => {
      const agent = await rawClient(sidecar.proxy);
      while (!over) {
        agent.send(post);
        answers.push((await agent.response()).body);
      }
      agent.close();
    });
    for (let change = 1; change <= 60; change += 1) {
      sidecar.change(
        configFor(upstreams[change % 2]!, { policy: change % 3 === 0 ? { retry: {}, circuitBreaker: {}, bulkhead: {} } : {} }),
      );
      const enough = answers.length + 20;
      await eventually('more answers', () => answers.length >= enough);
    }
    over = true;
    await Promise.all(agents);
    expect(new Set(answers)).toEqual(new Set(['a', 'b']));
    expect(await sidecar.metrics()).toContain('outrigger_config_reloads_total{result="applied"} 60');
    sidecar.change({ upstreams: { peer: { url: 'http://127.0.0.1:9' } }, routes: [{ path: '/', upstream: 'peer' }] });
    await eventually('no connection is left', () => upstreams[0].open + upstreams[1].open === 0);
    await eventually('no socket is left', () => handles().sockets <= before + 2);
  });
});

describe('the connections to an upstream', () => {
  it('go on where only other things change', async () => {
    const upstream = await rawUpstream();
    const sidecar = await reloadingSidecar(configFor(upstream));
    await exchange(sidecar.proxy, get);
    sidecar.change(configFor(upstream, { policy: { retry: {}, timeout: {} }, upstream: { dialect: 'openai' } }));
    await exchange(sidecar.proxy, get);
    expect(upstream.connections).toHaveLength(1);
    expect(upstream.open).toBe(1);
    expect(await sidecar.api('upstreams')).toMatchObject([{ name: 'peer', sockets: 1, dialect: 'openai' }]);
  });

  it('are made anew where its settings change, and the old ones are closed at once if nobody uses them', async () => {
    const upstream = await rawUpstream();
    const sidecar = await reloadingSidecar(configFor(upstream, { upstream: { headers: { authorization: 'one' } } }));
    await exchange(sidecar.proxy, get);
    sidecar.change(configFor(upstream, { upstream: { headers: { authorization: 'two' } } }));
    await exchange(sidecar.proxy, get);
    expect(upstream.requests.map(({ headerLines }) => headerLines.find((line) => line.startsWith('authorization')))).toEqual([
      'authorization: one',
      'authorization: two',
    ]);
    await within(2000, upstream.connections[0]!.ended, 'the end of the old connection');
    expect(upstream.open).toBe(1);
  });

  it.each(['stop', 'kill'] as const)('are all closed by %s, those of earlier configurations too', async (way) => {
    const [first, second] = [await rawUpstream(silent), await rawUpstream()];
    const sidecar = await reloadingSidecar({ ...configFor(first), drainTimeout: '100ms' });
    const agent = await rawClient(sidecar.proxy);
    agent.send(get);
    await (await first.connection()).requestHead();
    sidecar.change({ ...configFor(second), drainTimeout: '50ms' });
    await exchange(sidecar.proxy, get);
    await within(3000, sidecar[way](), 'the end');
    await eventually('no connection is left', () => first.open + second.open === 0);
  });
});
