import { describe, expect, test } from 'vitest';
import { statusOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk } from '../kit/http-text.ts';
import { rawClient } from '../kit/raw-client.ts';
import { rawUpstream, silent, type UpstreamConnection } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';
import { within } from '../kit/timing.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);
const chunkedHead = http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']);
const leave = {
  FIN: (connection: UpstreamConnection) => connection.halfClose(),
  RST: (connection: UpstreamConnection) => connection.reset(),
};

describe('an upstream that breaks off in a body is seen to have done so', () => {
  const cuts: [what: string, sent: string, how: keyof typeof leave][] = [
    ['below its Content-Length', http(['HTTP/1.1 200 OK', 'Content-Length: 10'], 'abc'), 'FIN'],
    ['below its Content-Length', http(['HTTP/1.1 200 OK', 'Content-Length: 10'], 'abc'), 'RST'],
    ['one byte below its Content-Length', http(['HTTP/1.1 200 OK', 'Content-Length: 4'], 'abc'), 'FIN'],
    ['between chunks', chunkedHead + chunk('abc'), 'FIN'],
    ['between chunks', chunkedHead + chunk('abc'), 'RST'],
    ['within a chunk', `${chunkedHead}ff\r\nabc`, 'FIN'],
    ['within a chunk size', `${chunkedHead}${chunk('abc')}f`, 'FIN'],
    ['before the last line end', `${chunkedHead}${chunk('abc')}0\r\n`, 'FIN'],
    ['within trailers', `${chunkedHead}${chunk('abc')}0\r\nX-A: 1\r\n`, 'FIN'],
    ['by a chunk size that is no number', `${chunkedHead}${chunk('abc')}zz\r\n`, 'FIN'],
    ['of no framing', http(['HTTP/1.1 200 OK'], 'abc'), 'RST'],
  ];

  test.each(cuts)('%s (%#): no end of the body, the connection is closed within 100 ms', async (_, sent, how) => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    connection.send(sent);
    // What was sent before the cut is on its way to the agent by now.
    await client.seen('abc');
    const cutAt = performance.now();
    leave[how](connection);
    const response = await within(2_000, client.response(), 'the end of the response');
    expect(response.body).toBe('abc');
    expect(response.whole && client.bytes.end === 'fin').toBe(false);
    expect(client.received).not.toContain(lastChunk);
    await client.ended;
    expect(client.endedAt! - cutAt).toBeLessThan(100);
  });

  test('before any byte of the body: a known length is not taken for whole', async () => {
    const upstream = await rawUpstream(async (connection) => {
      await connection.requestHead();
      connection.send(http(['HTTP/1.1 200 OK', 'Content-Length: 10']));
      connection.halfClose();
    });
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(get);
    const end = await within(2_000, client.ended, 'an end');
    const response = client.received === '' ? undefined : await client.response();
    // An error of ours or a broken answer, never a good one.
    expect(response === undefined || statusOf(response) === 502 || !response.whole || end === 'reset').toBe(true);
  });
});

describe('an event stream that breaks off', () => {
  const heads = {
    chunked: http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked']),
    'until the connection closes': http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream']),
  };
  const events = {
    openai:
      'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n',
    anthropic: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n',
  };
  const paths = { openai: '/v1/chat/completions', anthropic: '/v1/messages' };

  test.each([
    ['openai', 'chunked', 'FIN'],
    ['openai', 'chunked', 'RST'],
    ['anthropic', 'chunked', 'FIN'],
    ['anthropic', 'chunked', 'RST'],
    ['openai', 'until the connection closes', 'RST'],
  ] as const)('tells so by an error event of %s and a broken connection (%s, %s)', async (dialect, framing, how) => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream, { upstream: { dialect } });
    const client = await rawClient(proxy);
    const body = '{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}';
    const lines = [`POST ${paths[dialect]} HTTP/1.1`, 'Host: a', 'Content-Type: application/json', `Content-Length: ${body.length}`];
    client.send(http(lines, body));
    const connection = await upstream.connection();
    await connection.request();
    connection.send(heads[framing] + (framing === 'chunked' ? chunk(events[dialect]) : events[dialect]));
    await client.seen('Hel');
    leave[how](connection);
    const response = await within(2_000, client.response(), 'the end of the stream');
    expect(response.body.startsWith(events[dialect])).toBe(true);
    const rest = response.body.slice(events[dialect].length);
    expect(rest).toMatch(/^(event: error\n)?data: \{.*"error".*\}\n\n$/);
    expect(response.whole && client.bytes.end === 'fin').toBe(false);
    expect(client.received).not.toContain('[DONE]');
  });

  test('within an event: the torn event is closed off before the error event', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream, { upstream: { dialect: 'openai' } });
    const client = await rawClient(proxy);
    client.send(http(['POST /v1/chat/completions HTTP/1.1', 'Host: a', 'Content-Length: 29'], '{"model":"m","stream": true }'));
    const connection = await upstream.connection();
    await connection.request();
    connection.send(heads.chunked + chunk(events.openai) + chunk('data: {"choices":[{"delta":{"con'));
    await client.seen('"con');
    connection.reset();
    const response = await within(2_000, client.response(), 'the end of the stream');
    expect(response.body).toMatch(/"con\n\n(event: error\n)?data: \{.*"error".*\}\n\n$/);
    expect(response.whole).toBe(false);
  });

  test('with a Content-Length or a Content-Encoding gets nothing appended', async () => {
    for (const line of ['Content-Length: 9999', 'Content-Encoding: br\r\nTransfer-Encoding: chunked']) {
      const upstream = await rawUpstream(silent);
      const { proxy } = await sidecarFor(upstream, { upstream: { dialect: 'openai' } });
      const client = await rawClient(proxy);
      client.send(http(['POST /v1/chat/completions HTTP/1.1', 'Host: a', 'Content-Length: 29'], '{"model":"m","stream": true }'));
      const connection = await upstream.connection();
      await connection.request();
      const head = http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', line]);
      connection.send(head + (line.includes('chunked') ? chunk('data: abc\n\n') : 'data: abc\n\n'));
      await client.seen('abc');
      connection.reset();
      const response = await within(2_000, client.response(), 'the end of the stream');
      expect(response.body).toBe('data: abc\n\n');
      expect(response.whole).toBe(false);
    }
  });
});
