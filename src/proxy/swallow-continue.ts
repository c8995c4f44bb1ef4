import type { Socket } from 'node:net';

const continueLine = Buffer.from('HTTP/1.1 100');
const headEnd = Buffer.from('\r\n\r\n');

/** More of them in front of one answer, or one longer than this, are left for the parser to refuse. */
const most = 32;
const longestBytes = 16 * 1024;

/**
 * Takes `100 Continue` responses out of what a kept-alive socket reads. We never ask for one, servers send them all the
 * same, and undici ends the connection at the first.
 */
export function swallowContinue(socket: Socket): void {
  let expected = false;
  let held: Buffer | undefined;
  let seen = 0;
  const read = socket.read.bind(socket);
  const write = socket.write.bind(socket) as (data: unknown, ...rest: unknown[]) => boolean;

  const noticeRequest = (data: unknown, ...rest: unknown[]) => {
    if (typeof data === 'string' && data.includes(' HTTP/1.1\r\n')) {
      expected = true;
      seen = 0;
    }
    return write(data, ...rest);
  };
  socket.write = noticeRequest as Socket['write'];

  const readAnswer = (size?: number) => {
    for (;;) {
      const chunk = read(size) as Buffer | null;
      if (!expected || chunk === null) return chunk;
      const bytes: Buffer = held ? Buffer.concat([held, chunk]) : chunk;
      held = undefined;
      const rest = afterContinue(bytes);
      if (rest === bytes) {
        expected = false;
        return bytes;
      }
      if (rest.byteLength === 0) continue;
      if (startsLike(rest)) {
        held = rest;
        continue;
      }
      expected = false;
      return rest;
    }
  };

  socket.read = readAnswer;

  /** The bytes behind every whole `100` in front; the same object where there is none, or where it goes too far. */
  function afterContinue(bytes: Buffer): Buffer {
    let rest = bytes;
    while (rest.byteLength >= continueLine.byteLength && startsLike(rest)) {
      const end = rest.indexOf(headEnd);
      if (end < 0) return rest.byteLength > longestBytes ? bytes : hold(rest, bytes);
      seen += 1;
      if (seen > most) return bytes;
      rest = rest.subarray(end + headEnd.byteLength);
    }
    return rest === bytes && startsLike(rest) && rest.byteLength > 0 ? hold(rest, bytes) : rest;
  }

  /** A copy, so that the caller sees that something is to be held even where nothing was taken out. */
  function hold(rest: Buffer, bytes: Buffer): Buffer {
    return rest === bytes ? Buffer.from(rest) : rest;
  }
}

/** Where the first digit of the status is. */
const statusAt = continueLine.indexOf('100');

function startsLike(bytes: Buffer): boolean {
  // Nearly every answer is told by its class.
  if (bytes.byteLength > statusAt && bytes[statusAt] !== continueLine[statusAt]) return false;
  const length = Math.min(bytes.byteLength, continueLine.byteLength);
  return bytes.compare(continueLine, 0, length, 0, length) === 0;
}
