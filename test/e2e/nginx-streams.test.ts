import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chunk, http, lastChunk } from '../kit/http-text.ts';
import { type RawClient, rawClient } from '../kit/raw-client.ts';
import { type RawUpstream, rawUpstream, silent } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { eventually, within } from '../kit/timing.ts';
import { type Nginx, nginx } from './nginx.ts';

const eventStream = ['Content-Type: text/event-stream', 'Cache-Control: no-cache'];

/** As people configure it in front of something that streams. */
const forEvents = 'proxy_buffering off; proxy_http_version 1.1; proxy_set_header Connection "";';

describe('an event stream through nginx', () => {
  test.each([
    ['over HTTP/1.1', forEvents, true],
    ['over HTTP/1.0, as by default', 'proxy_buffering off;', false],
  ])('comes event by event, each before the next is sent (%s)', async (_, directives, chunked) => {
    const { client, source } = await streaming(directives);
    const connection = await source.connection();
    // The kit reads no requests of HTTP/1.0.
    await connection.seen('"content":"hi"');
    const send = (data: string) => connection.send(chunked ? chunk(data) : data);
    const framing = chunked ? ['Transfer-Encoding: chunked'] : [];
    connection.send(http([chunked ? 'HTTP/1.1 200 OK' : 'HTTP/1.0 200 OK', ...eventStream, ...framing]));
    let expected = '';
    for (let i = 0; i < 20; i += 1) {
      const event = `data: ${i}\n\n`;
      send(event);
      expected += event;
      expect(await within(2_000, client.seen(event), event)).toBe(true);
    }
    if (chunked) connection.send(lastChunk);
    else connection.halfClose();
    expect(await within(2_000, client.response(), 'the end')).toMatchObject({ body: expected, whole: true });
  });

  test('ends at its source soon after the agent has left', async () => {
    const { client, source } = await streaming(forEvents);
    const connection = await source.connection();
    await connection.request();
    connection.send(http(['HTTP/1.1 200 OK', ...eventStream, 'Transfer-Encoding: chunked'], chunk('data: 1\n\n')));
    await client.seen('data: 1');
    client.close();
    await within(2_000, connection.ended, 'the end of the connection');
  });

  test('is broken for the agent when nginx stops', async () => {
    const { client, source, upstream } = await streaming(forEvents);
    const connection = await source.connection();
    await connection.request();
    connection.send(http(['HTTP/1.1 200 OK', ...eventStream, 'Transfer-Encoding: chunked'], chunk('data: 1\n\n')));
    await client.seen('data: 1');
    await upstream.stop();
    expect(await within(2_000, client.response(), 'the end')).toMatchObject({ whole: false });
  });

  test('is broken for the agent when its source is cut behind nginx', async () => {
    const { client, source } = await streaming(forEvents);
    const connection = await source.connection();
    await connection.request();
    connection.send(http(['HTTP/1.1 200 OK', ...eventStream, 'Transfer-Encoding: chunked'], chunk('data: 1\n\n')));
    await client.seen('data: 1');
    connection.reset();
    expect(await within(2_000, client.response(), 'the end')).toMatchObject({ whole: false });
  });

  test('of an LLM ends with an error event of its format when nginx stops', async () => {
    const { client, source, upstream } = await streaming(forEvents, {
      upstream: { dialect: 'openai' },
      policy: { retry: {}, timeout: {} },
    });
    const connection = await source.connection();
    await connection.request();
    const event =
      'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n';
    connection.send(http(['HTTP/1.1 200 OK', ...eventStream, 'Transfer-Encoding: chunked'], chunk(event)));
    await client.seen('Hel');
    await upstream.stop();
    const response = await within(2_000, client.response(), 'the end');
    expect(response.whole).toBe(false);
    expect(response.body.startsWith(event)).toBe(true);
    expect(response.body.slice(event.length)).toMatch(/^data: \{.*"error".*\}\n\n$/);
  });
});

describe('a reload of nginx', () => {
  test('lets streams under way end whole, and new calls go to the new worker', async () => {
    const { client, source, upstream, url } = await streaming(forEvents);
    const connection = await source.connection();
    await connection.request();
    connection.send(http(['HTTP/1.1 200 OK', ...eventStream, 'Transfer-Encoding: chunked'], chunk('data: 1\n\n')));
    await client.seen('data: 1');
    const worker = async () => (await fetch(`${url}/worker`)).text();
    const before = await worker();
    expect(before).toMatch(/^\d+$/);
    await upstream.reload();
    // The old one may answer what comes on a connection that it still keeps.
    await eventually('the new worker answers', async () => (await worker()) !== before);
    connection.send(chunk('data: 2\n\n') + lastChunk);
    expect(await within(2_000, client.response(), 'the end')).toMatchObject({ body: 'data: 1\n\ndata: 2\n\n', whole: true });
  });

  test('that waits for no stream breaks it for the agent', async () => {
    const { client, source, upstream } = await streaming(forEvents, {}, 'worker_shutdown_timeout 100ms;');
    const connection = await source.connection();
    await connection.request();
    connection.send(http(['HTTP/1.1 200 OK', ...eventStream, 'Transfer-Encoding: chunked'], chunk('data: 1\n\n')));
    await client.seen('data: 1');
    await upstream.reload();
    expect(await within(3_000, client.response(), 'the end')).toMatchObject({ whole: false });
  });

  test('fails none of the calls that go on meanwhile', async () => {
    const upstream = await nginx('location /ok { return 200 ok; }');
    const { proxy } = await sidecarFor(upstream);
    const url = `http://${proxy.host}:${proxy.port}`;
    let going = true;
    const seen: string[] = [];
    const calls = Array.from({ length: 4 }, async () => {
      while (going) {
        const answer = await fetch(`${url}/ok`).then((response) => response.text(), String);
        seen.push(answer);
      }
    });
    for (let i = 0; i < 3 || seen.length < 20; i += 1) await upstream.reload();
    going = false;
    await Promise.all(calls);
    expect(seen.filter((answer) => answer !== 'ok')).toEqual([]);
  });
});

test('a download that nginx cuts in its middle is cut for the agent', async () => {
  const upstream = await nginx('limit_rate 100k;');
  writeFileSync(join(upstream.files, 'slow'), Buffer.alloc(10 * 1024 * 1024, 'a'));
  const { proxy } = await sidecarFor(upstream);
  const client = await rawClient(proxy);
  client.send(http(['GET /files/slow HTTP/1.1', 'Host: a']));
  await client.seen('aaaa');
  await upstream.stop();
  const response = await within(2_000, client.response(), 'the end');
  expect(response.whole).toBe(false);
  expect(response.body).toMatch(/^a+$/);
});

interface Streaming {
  client: RawClient;
  /** What nginx passes on to. */
  source: RawUpstream;
  upstream: Nginx;
  url: string;
}

/** An agent that has asked for a stream: agent, sidecar, nginx, source. */
async function streaming(directives: string, settings: Parameters<typeof sidecarFor>[1] = {}, main = ''): Promise<Streaming> {
  const source = await rawUpstream(silent);
  const upstream = await nginx(`location /v1/ { proxy_pass ${source.url}; ${directives} }`, '', main);
  const { proxy } = await sidecarFor(upstream, settings);
  const client = await rawClient(proxy);
  const body = '{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}';
  client.send(
    http(['POST /v1/chat/completions HTTP/1.1', 'Host: a', 'Content-Type: application/json', `Content-Length: ${body.length}`], body),
  );
  return { client, source, upstream, url: `http://${proxy.host}:${proxy.port}` };
}
