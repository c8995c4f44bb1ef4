import { expect, test } from 'vitest';
import { ResponseReader } from '../../bench/response-reader.ts';

/** What a reader tells of `text` that arrives in pieces of `size` bytes. */
function read(text: string, size: number) {
  const told: { status: number; bodyBytes: number; body: string }[] = [];
  let body = '';
  const reader = new ResponseReader({
    onBody: (piece) => {
      body += piece.toString();
    },
    onEnd: (status, bodyBytes) => {
      told.push({ status, bodyBytes, body });
      body = '';
    },
  });
  const data = Buffer.from(text);
  for (let at = 0; at < data.length; at += size) reader.push(data.subarray(at, at + size));
  return told;
}

const fixed = 'HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nContent-Length: 5\r\n\r\nhello';
const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123\r\n6789\r\n0\r\ntrailer: 1\r\n\r\n';
const empty = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n';

test.each([1, 2, 3, 7, 1000])('responses are read whole from pieces of %i bytes', (size) => {
  expect(read(fixed + chunked + empty + fixed, size)).toEqual([
    { status: 200, bodyBytes: 5, body: 'hello' },
    { status: 200, bodyBytes: 15, body: 'hello0123\r\n6789' },
    { status: 503, bodyBytes: 0, body: '' },
    { status: 200, bodyBytes: 5, body: 'hello' },
  ]);
});

test('a response that is cut short has no end', () => {
  expect(read(fixed.slice(0, -1), 1000)).toEqual([]);
  expect(read(chunked.slice(0, -2), 1000)).toEqual([]);
});

test.each([
  ['no framing', 'HTTP/1.1 200 OK\r\n\r\n'],
  ['a chunk that is no number', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
  ['a chunk longer than it says', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n'],
])('%s is refused', (_, text) => {
  expect(() => read(text, 1000)).toThrow();
});
