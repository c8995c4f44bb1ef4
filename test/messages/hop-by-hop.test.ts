import { describe, expect, test } from 'vitest';
import { namesOf, statusOf, valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { endToEndLines, pass } from '../kit/pass.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { sidecarFor } from '../kit/start-sidecar.ts';

describe('fields of one connection stay on it', () => {
  test.each([
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic c2VjcmV0',
    'TE: gzip;q=0.5',
    'Trailer: x-sum',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  ])('of a request: %s', async (line) => {
    const { request } = await pass(http(['GET / HTTP/1.1', 'Host: a', 'X-Before: 1', line, 'X-After: 2']));
    expect(endToEndLines(request)).toEqual(['X-Before: 1', 'X-After: 2']);
  });

  test.each(['Keep-Alive: timeout=77', 'Proxy-Connection: keep-alive', 'Proxy-Authenticate: Basic', 'Upgrade: h2, h2c', 'TE: trailers'])(
    'of a response: %s',
    async (line) => {
      const { response } = await pass(http(['GET / HTTP/1.1', 'Host: a']), ok('ok', 'X-Before: 1', line, 'X-After: 2'));
      expect(response.headerLines).not.toContain(line);
      expect(endToEndLines(response)).toEqual(['X-Before: 1', 'X-After: 2']);
    },
  );

  test('the fields that the Connection of a request names, in any case, on any line, wherever they stand', async () => {
    const lines = ['x-one: 1', 'Connection: X-One, close', 'X-Kept: k', 'connection:  x-TWO ,,', 'X-Two: 2', 'X-Two: 3'];
    const { request } = await pass(http(['GET / HTTP/1.1', 'Host: a', ...lines]));
    expect(endToEndLines(request)).toEqual(['X-Kept: k']);
    expect(valuesOf(request, 'connection').join()).not.toMatch(/x-/i);
  });

  test('the fields that the Connection of a response names', async () => {
    const reply = ok('ok', 'Connection: x-hop', 'X-Hop: 1', 'X-Kept: k');
    const { response } = await pass(http(['GET / HTTP/1.1', 'Host: a']), reply);
    expect(endToEndLines(response)).toEqual(['X-Kept: k']);
  });
});

describe('Connection cannot take away', () => {
  const secured = [
    'Authorization: Bearer a',
    'X-Api-Key: b',
    'api-key: c',
    'x-goog-api-key: d',
    'Cookie: e=f',
    'Content-Type: text/plain',
    'Content-Encoding: identity',
    'Idempotency-Key: g',
  ];

  test('what secures or frames a request', async () => {
    const names = [...secured.map((line) => line.slice(0, line.indexOf(':'))), 'Host', 'Content-Length', 'Transfer-Encoding'];
    const lines = [...secured, `Connection: ${names.join(', ')}`, 'Content-Length: 2'];
    const { request } = await pass(http(['POST / HTTP/1.1', 'Host: a', ...lines], 'hi'));
    expect(endToEndLines(request)).toEqual(secured);
    expect(request.body).toBe('hi');
  });

  test('what the configuration sets for the upstream', async () => {
    const settings = { upstream: { headers: { 'x-tenant': 'configured' } } };
    const { request } = await pass(http(['GET / HTTP/1.1', 'Host: a', 'Connection: x-tenant', 'X-Tenant: forged']), ok(), settings);
    expect(valuesOf(request, 'x-tenant')).toEqual(['configured']);
  });

  test('what frames a response, or what we add to it', async () => {
    const upstream = await rawUpstream(
      answer(ok('ok', 'Connection: content-length, content-type, x-outrigger-id', 'Content-Type: text/a')),
    );
    const { proxy } = await sidecarFor(upstream);
    const response = await exchange(proxy, http(['GET / HTTP/1.1', 'Host: a']));
    expect(response.whole && response.body).toBe('ok');
    expect(valuesOf(response, 'content-type')).toEqual(['text/a']);
    expect(valuesOf(response, 'x-outrigger-id')).toHaveLength(1);
  });
});

describe('TE and trailers', () => {
  test('TE goes on as trailers alone', async () => {
    const { request } = await pass(http(['GET / HTTP/1.1', 'Host: a', 'TE: gzip, trailers;q=0.5', 'Connection: TE']));
    expect(valuesOf(request, 'te')).toEqual(['trailers']);
  });

  test('the trailers of a response reach the agent, with their Trailer field', async () => {
    const reply = http(['HTTP/1.1 200 OK', 'Trailer: X-Sum', 'Transfer-Encoding: chunked'], `${chunk('abc')}0\r\nX-Sum: 7\r\n\r\n`);
    const { response } = await pass(http(['GET / HTTP/1.1', 'Host: a', 'TE: trailers', 'Connection: TE']), reply);
    expect(response.body).toBe('abc');
    expect(response.trailerLines).toEqual(['X-Sum: 7']);
    expect(valuesOf(response, 'trailer')).toEqual(['X-Sum']);
  });

  test.each([
    'Content-Length: 9',
    'Transfer-Encoding: gzip',
    'Host: evil',
    'Connection: x-other',
    'Set-Cookie: a=b',
    'Content-Encoding: gzip',
  ])('trailers of a response cannot frame, route or set anything: %s is dropped, or the response broken off', async (line) => {
    const reply = `${http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'])}${chunk('abc')}0\r\n${line}\r\nX-Ok: 1\r\n\r\n`;
    const { response } = await pass(http(['GET / HTTP/1.1', 'Host: a']), reply);
    if (response.whole) expect(response.trailerLines).toEqual(['X-Ok: 1']);
    expect(response.trailerLines).not.toContain(line);
  });

  test('the trailers of a request are dropped, not merged into its head, and what follows is the next request', async () => {
    const upstream = await rawUpstream();
    const { proxy } = await sidecarFor(upstream);
    const client = await rawClient(proxy);
    const head = http(['POST /one HTTP/1.1', 'Host: a', 'Trailer: Authorization', 'Transfer-Encoding: chunked']);
    client.send(`${head}${chunk('abc')}0\r\nAuthorization: forged\r\nHost: evil\r\n\r\n`);
    expect(statusOf(await client.response())).toBe(200);
    client.send(http(['GET /two HTTP/1.1', 'Host: a']));
    expect(statusOf(await client.response())).toBe(200);
    expect(upstream.requests.map((request) => [request.startLine, request.body])).toEqual([
      ['POST /one HTTP/1.1', 'abc'],
      ['GET /two HTTP/1.1', ''],
    ]);
    expect(upstream.received).not.toMatch(/forged|evil/);
  });
});

describe('Transfer-Encoding is made anew, never copied', () => {
  test('for the upstream: a body that is whole in time may get a length instead, never both', async () => {
    const head = http(['POST / HTTP/1.1', 'Host: a', 'transfer-encoding:   Chunked']);
    const { request } = await pass(`${head}${chunk('abc')}${lastChunk}`);
    expect([...valuesOf(request, 'transfer-encoding'), ...valuesOf(request, 'content-length')].join()).toMatch(/^(chunked|3)$/);
    expect(request.body).toBe('abc');
  });

  test('for the agent', async () => {
    const reply = `${http(['HTTP/1.1 200 OK', 'transfer-encoding:   Chunked'])}${chunk('abc')}${lastChunk}`;
    const { response } = await pass(http(['GET / HTTP/1.1', 'Host: a']), reply);
    expect(valuesOf(response, 'transfer-encoding')).toEqual(['chunked']);
    expect(namesOf(response)).not.toContain('content-length');
    expect(response.body).toBe('abc');
  });
});
