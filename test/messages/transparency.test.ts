import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { namesOf, statusOf, valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { endToEndLines, pass } from '../kit/pass.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { answer, rawUpstream, silent } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);
const odd = [
  'x-lower: 1',
  'X-UPPER: 2',
  'x-Mixed: one',
  'Accept: a/b',
  'X-Mixed: two',
  'accept: c/d',
  'x-empty:',
  'User-Agent: agent/1 (x; y)',
  'Cookie: a=b',
  'Cookie: c=d',
  'x_under: 1',
  "x!#$%&'*+.^`|~: 1",
];

describe('what passes unchanged, byte for byte', () => {
  test('order, case and duplicates of the fields of a request', async () => {
    const { request } = await pass(http(['GET / HTTP/1.1', 'Host: a', ...odd]));
    expect(endToEndLines(request).map(trimmed)).toEqual(odd.map(trimmed));
  });

  test('order, case and duplicates of the fields of a response', async () => {
    const lines = [...odd, 'Set-Cookie: a=1', 'set-cookie: b=2', 'Date: yesterday', 'Server: x', 'ETag: "1"', 'Age: 1', 'Age: 2'];
    const { response } = await pass(get, ok('ok', ...lines));
    expect(endToEndLines(response).map(trimmed)).toEqual(lines.map(trimmed));
  });

  test('nothing is added to a request: no Via, no Forwarded, no identity, no defaults of a client', async () => {
    const { request } = await pass(get);
    expect(namesOf(request).sort()).toEqual(['connection', 'host']);
  });

  test('nothing is added to a response where responseHeaders is off', async () => {
    const { response } = await pass(get);
    expect(endToEndLines(response)).toEqual([]);
  });

  test('identity fields that an agent sends itself', async () => {
    const lines = ['Via: 1.1 x', 'Forwarded: for=1.2.3.4', 'X-Forwarded-For: 1.2.3.4', 'X-Real-IP: 1.2.3.4', 'traceparent: 00-1-2-01'];
    const { request } = await pass(http(['GET / HTTP/1.1', 'Host: a', ...lines]));
    expect(endToEndLines(request)).toEqual(lines);
  });

  test('the Host is that of the upstream, once', async () => {
    const { request, upstream } = await pass(http(['GET / HTTP/1.1', 'Host: somewhere.example']));
    expect(valuesOf(request, 'host')).toEqual([upstream.authority]);
  });

  test.each(['', 'OK', 'Fine By Me', 'No (really) "fine"'])('the reason phrase %j', async (reason) => {
    const { response } = await pass(get, http([`HTTP/1.1 200 ${reason}`, 'Content-Length: 0']));
    expect(response.startLine).toBe(`HTTP/1.1 200 ${reason}`);
  });

  test.each([201, 206, 226, 299, 301, 307, 400, 404, 418, 451, 499, 500, 503, 529, 599])('status %i with its body', async (status) => {
    const { response } = await pass(
      get,
      http([`HTTP/1.1 ${status} X`, 'Location: http://elsewhere.example/', 'Content-Length: 4'], 'body'),
    );
    expect(statusOf(response)).toBe(status);
    expect(endToEndLines(response)).toEqual(['Location: http://elsewhere.example/']);
    expect(response.body).toBe('body');
  });

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'M-SEARCH'])(
    'the method %s',
    async (method) => {
      const length = method === 'GET' || method === 'HEAD' ? [] : ['Content-Length: 0'];
      const { request } = await pass(http([`${method} / HTTP/1.1`, 'Host: a', ...length]), http(['HTTP/1.1 200 OK', 'Content-Length: 0']));
      expect(request.startLine).toBe(`${method} / HTTP/1.1`);
    },
  );

  test('every byte value in a body of known length, both ways', async () => {
    const bytes = randomBytes(100_000).toString('latin1') + String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    const { request, response } = await pass(http(['POST / HTTP/1.1', 'Host: a', `Content-Length: ${bytes.length}`], bytes), ok(bytes));
    expect(digest(request.body)).toBe(digest(bytes));
    expect(digest(response.body)).toBe(digest(bytes));
    expect(valuesOf(request, 'content-length')).toEqual([String(bytes.length)]);
    expect(valuesOf(response, 'content-length')).toEqual([String(bytes.length)]);
  });

  test('an encoded body is not decoded, whatever its coding says', async () => {
    const { response } = await pass(get, ok('not gzip at all', 'Content-Encoding: gzip, br, x-unknown'));
    expect(valuesOf(response, 'content-encoding')).toEqual(['gzip, br, x-unknown']);
    expect(response.body).toBe('not gzip at all');
  });

  test('a GET with a body', async () => {
    const { request } = await pass(http(['GET / HTTP/1.1', 'Host: a', 'Content-Length: 4'], 'body'));
    expect(request.body).toBe('body');
  });

  test('a POST without a body keeps its Content-Length of 0', async () => {
    const { request } = await pass(http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 0']));
    expect(valuesOf(request, 'content-length')).toEqual(['0']);
  });

  test('a response that ends with its connection is whole to the agent', async () => {
    const upstream = await rawUpstream(async (connection) => {
      await connection.request();
      connection.send(http(['HTTP/1.1 200 OK'], 'to the end'));
      connection.halfClose();
    });
    const { proxy } = await sidecarFor(upstream);
    const response = await exchange(proxy, get);
    expect(response.whole && response.body).toBe('to the end');
  });

  test('an agent of HTTP/1.0 gets no chunks and an end by its connection', async () => {
    const upstream = await rawUpstream(answer(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']) + chunk('abc') + lastChunk));
    const { proxy } = await sidecarFor(upstream);
    const response = await exchange(proxy, http(['GET / HTTP/1.0', 'Host: a']));
    expect(namesOf(response)).not.toContain('transfer-encoding');
    expect(response.whole && response.body).toBe('abc');
  });
});

describe('chunks pass as they come', () => {
  test('of a response: each reaches the agent before the upstream sends the next', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    connection.send(http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']));
    await client.responseHead();
    for (const data of ['one', 'two', 'x'.repeat(30_000), '\0']) {
      connection.send(chunk(data));
      let got = '';
      while (got.length < data.length) got += await client.chunk();
      expect(got).toBe(data);
    }
    connection.send(lastChunk);
    expect(await client.chunk()).toBe('');
  });

  test('of an event stream with a head of its own', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(get);
    const connection = await upstream.connection();
    await connection.requestHead();
    connection.send(http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked']));
    expect(statusOf(await client.responseHead())).toBe(200);
    for (let i = 0; i < 20; i += 1) {
      connection.send(chunk(`data: ${i}\n\n`));
      expect(await client.chunk()).toBe(`data: ${i}\n\n`);
    }
  });

  test('of a request: each reaches the upstream before the agent sends the next', async () => {
    const upstream = await rawUpstream(async (connection) => {
      await connection.seen('\r\n0\r\n\r\n');
      connection.send(ok());
    });
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(http(['POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked']));
    const connection = await upstream.connection();
    for (const data of ['one-', 'two-', 'three-']) {
      client.send(chunk(data));
      expect(await connection.seen(data)).toBe(true);
    }
    client.send(lastChunk);
    expect((await client.response()).body).toBe('ok');
  });

  test('bytes of a body of known length too', async () => {
    const upstream = await rawUpstream(silent);
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    client.send(http(['POST / HTTP/1.1', 'Host: a', 'Content-Length: 6'], 'abc'));
    const connection = await upstream.connection();
    expect(await connection.seen('abc')).toBe(true);
    client.send('def');
    expect(await connection.seen('abcdef')).toBe(true);
  });
});

function trimmed(line: string): string {
  const at = line.indexOf(':');
  return `${line.slice(0, at)}: ${line.slice(at + 1).trim()}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}
