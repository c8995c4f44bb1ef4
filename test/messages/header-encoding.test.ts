import { describe, expect, test } from 'vitest';
import { valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk, ok } from '../kit/http-text.ts';
import { pass } from '../kit/pass.ts';

const get = http(['GET / HTTP/1.1', 'Host: a']);
/** Latin1, UTF-8, and every byte that a field value may have. */
const values = ['caf\xe9', 'caf\xc3\xa9', '\xff\x80\xa0', 'a\tb', String.fromCharCode(...Array.from({ length: 0x80 }, (_, i) => 0x80 + i))];

describe('header values pass byte for byte', () => {
  test.each(values)('of a request: %j', async (value) => {
    const { request } = await pass(http(['GET / HTTP/1.1', 'Host: a', `X-A: ${value}b`]));
    expect(request.headerLines).toContain(`X-A: ${value}b`);
  });

  test.each(values)('of a response: %j', async (value) => {
    const { response } = await pass(get, ok('ok', `X-A: ${value}b`));
    expect(response.headerLines).toContain(`X-A: ${value}b`);
  });

  test.each(values)('of an event stream: %j', async (value) => {
    const reply = http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', `X-A: ${value}b`, 'Transfer-Encoding: chunked']);
    const { response } = await pass(get, `${reply}${chunk('data: 1\n\n')}${lastChunk}`);
    expect(response.headerLines).toContain(`X-A: ${value}b`);
  });

  test.each(values)('of a response without a body: %j', async (value) => {
    const { response } = await pass(get, http(['HTTP/1.1 204 No Content', `X-A: ${value}b`]));
    expect(response.headerLines).toContain(`X-A: ${value}b`);
  });

  test('of trailers', async () => {
    const reply = `${http(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'])}${chunk('a')}0\r\nX-A: caf\xe9\r\n\r\n`;
    const { response } = await pass(get, reply);
    expect(response.trailerLines).toEqual(['X-A: caf\xe9']);
  });

  test('of all but the reason phrase, which nobody reads: its ASCII stays, the rest may go, and nothing breaks', async () => {
    const { response } = await pass(get, http(['HTTP/1.1 200 Tr\xe8s bien', 'Content-Length: 0']));
    expect(response.startLine).toMatch(/^HTTP\/1\.1 200 Tr\xe8?s bien$/);
  });

  test('with our own fields among them', async () => {
    const { response } = await pass(get, ok('ok', 'X-A: caf\xe9'), { responseHeaders: true });
    expect(response.headerLines).toContain('X-A: caf\xe9');
    expect(valuesOf(response, 'x-outrigger-id')).toHaveLength(1);
  });
});
