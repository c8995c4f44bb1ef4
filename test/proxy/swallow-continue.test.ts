import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { swallowContinue } from '../../src/proxy/swallow-continue.ts';

/** What a reader gets of bytes that arrive in the given pieces behind a request. */
function readThrough(pieces: readonly string[], asked = 'POST / HTTP/1.1\r\nhost: h\r\n\r\n'): string {
  const waiting = pieces.map((piece) => Buffer.from(piece, 'latin1'));
  const socket = { read: () => waiting.shift() ?? null, write: () => true } as unknown as Socket;
  swallowContinue(socket);
  socket.write(asked, 'latin1');
  let text = '';
  while (waiting.length > 0) text += (socket.read() as Buffer | null)?.toString('latin1') ?? '';
  return text;
}

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const interim = 'HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n';

describe('100 Continue from an upstream', () => {
  it('is taken out, once or several times', () => {
    expect(readThrough([interim + answer])).toBe(answer);
    expect(readThrough([interim + interim + answer])).toBe(answer);
  });

  it('is taken out wherever the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(interim.length + answer.length), { maxLength: 6 }), (cuts) => {
        const text = interim + answer;
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const pieces = at
          .slice(1)
          .map((end, i) => text.slice(at[i], end))
          .filter((piece) => piece !== '');
        expect(readThrough(pieces)).toBe(answer);
      }),
    );
  });

  it('is left alone behind the head of the answer', () => {
    const body = `HTTP/1.1 200 OK\r\nContent-Length: ${interim.length}\r\n\r\n`;
    expect(readThrough([body, interim])).toBe(body + interim);
  });

  it('is left to the parser where it comes without end', () => {
    expect(readThrough([interim.repeat(40) + answer])).toContain('100 Continue');
  });

  it('touches no other interim response', () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n';
    expect(readThrough([hints + answer])).toBe(hints + answer);
  });
});
