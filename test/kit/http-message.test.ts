import { describe, expect, test } from 'vitest';
import { ByteReader } from './byte-reader.ts';
import { framingOf, readBody, readHead, valuesOf } from './http-message.ts';

describe('the strict reader of the kit', () => {
  test('gives start line, header lines, chunks and trailers as they stood on the wire', async () => {
    const bytes = arrived(
      'HTTP/1.1 200 Fine\r\nA: 1\r\na:2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nT: x\r\n\r\nrest',
    );
    const head = (await readHead(bytes, 'response'))!;
    expect(head.startLine).toBe('HTTP/1.1 200 Fine');
    expect(head.headerLines).toEqual(['A: 1', 'a:2', 'Transfer-Encoding: chunked']);
    expect(valuesOf(head, 'A')).toEqual(['1', '2']);
    expect(await readBody(bytes, framingOf(head, 'response'))).toEqual({
      body: 'abcd',
      chunks: ['abc', 'd'],
      trailerLines: ['T: x'],
      whole: true,
    });
    expect(bytes.unread).toBe('rest');
  });

  test.each([
    ['a bare LF', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
    ['a bare CR', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n'],
    ['a NUL', 'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n'],
    ['a folded line', 'GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n'],
    ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['Content-Length and Transfer-Encoding', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['two equal Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
    ['a signed Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n'],
    ['another coding before chunked', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n'],
    ['a head that was cut', 'GET / HTTP/1.1\r\nHost: a\r\n'],
  ])('refuses %s', async (_, text) => {
    await expect(readHead(arrived(text), 'request')).rejects.toThrow();
  });

  test.each([
    ['a chunk size with an extension', '1;a\r\na\r\n0\r\n\r\n'],
    ['a chunk size with a sign', '+1\r\na\r\n0\r\n\r\n'],
    ['a chunk that is longer than its size', '1\r\nab\r\n0\r\n\r\n'],
    ['a trailer with a bare LF', '0\r\na: b\nc: d\r\n\r\n'],
  ])('refuses %s', async (_, text) => {
    await expect(readBody(arrived(text), { kind: 'chunked' })).rejects.toThrow();
  });

  test.each([
    ['a chunked body without its last chunk', { kind: 'chunked' }, '1\r\na\r\n'],
    ['a chunked body without the end of its trailers', { kind: 'chunked' }, '0\r\na: b\r\n'],
    ['a body below its length', { kind: 'length', length: 2 }, 'a'],
  ] as const)('tells that %s is not whole', async (_, framing, text) => {
    expect((await readBody(arrived(text), framing)).whole).toBe(false);
  });

  test('takes a body without framing as whole by FIN only', async () => {
    expect((await readBody(arrived('a', 'fin'), { kind: 'close' })).whole).toBe(true);
    expect((await readBody(arrived('a', 'reset'), { kind: 'close' })).whole).toBe(false);
  });
});

function arrived(text: string, end: 'fin' | 'reset' = 'fin'): ByteReader {
  const bytes = new ByteReader();
  // Byte by byte: no reader may depend on where the network split a message.
  for (const char of text) bytes.push(Buffer.from(char, 'latin1'));
  bytes.finish(end);
  return bytes;
}
