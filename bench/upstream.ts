/** The stand-in for an LLM: checks every request byte for byte and sends fixed answers, on raw sockets so that it is never the slowest part. */
import { createServer, type Socket } from 'node:net';
import {
  answerBody,
  chatBody,
  doneEvent,
  eventCount,
  nowUs,
  paceHeader,
  stampDigits,
  stampMark,
  streamBody,
  streamEvent,
} from './payload.ts';

const commonHead = [
  'date: Sat, 21 Nov 2026 10:00:00 GMT',
  'openai-organization: bench',
  'openai-processing-ms: 812',
  'openai-version: 2020-10-01',
  'x-ratelimit-limit-requests: 10000',
  'x-ratelimit-remaining-requests: 9999',
  'x-request-id: req_5c1f2f0a3c5b4d1e',
  'connection: keep-alive',
];
const answer = response('200 OK', ['content-type: application/json', `content-length: ${answerBody.length}`], answerBody);
const wrongRequest = response('400 Bad Request', ['content-length: 0'], Buffer.alloc(0));
const streamHead = response('200 OK', ['content-type: text/event-stream; charset=utf-8', 'transfer-encoding: chunked'], Buffer.alloc(0));
const frames = Array.from({ length: eventCount }, (_, index) => chunk(streamEvent(index)));
const streamEnd = Buffer.concat([chunk(doneEvent), Buffer.from('0\r\n\r\n')]);
const stampAt = frames[0]!.indexOf(stampMark) + stampMark.length;

function response(status: string, headers: string[], body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${[...commonHead, ...headers].join('\r\n')}\r\n\r\n`), body]);
}

function chunk(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]);
}

function stamped(index: number): Buffer {
  const frame = Buffer.from(frames[index]!);
  frame.write(String(Math.round(nowUs())).padStart(stampDigits, '0'), stampAt, 'latin1');
  return frame;
}

/** Sends the role and the first content at once, then an event every `paceMs`. */
function stream(socket: Socket, paceMs: number): void {
  socket.write(Buffer.concat([streamHead, stamped(0), stamped(1)]));
  let index = 2;
  const timer = setInterval(() => {
    const last = index === eventCount - 1;
    socket.write(last ? Buffer.concat([stamped(index), streamEnd]) : stamped(index));
    index += 1;
    if (last) clearInterval(timer);
  }, paceMs);
  socket.once('close', () => clearInterval(timer));
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  let kept: Buffer | undefined;
  socket.on('data', (data: Buffer) => {
    const input = kept === undefined ? data : Buffer.concat([kept, data]);
    kept = undefined;
    const headEnd = input.indexOf('\r\n\r\n');
    const head = headEnd < 0 ? '' : input.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (headEnd >= 0 && Number.isNaN(length)) return void socket.end(wrongRequest);
    if (headEnd < 0 || input.length < headEnd + 4 + length) {
      kept = input;
      return;
    }
    const body = input.subarray(headEnd + 4);
    const pace = pacePattern.exec(head)?.[1];
    if (!body.equals(pace === undefined ? chatBody : streamBody)) return void socket.end(wrongRequest);
    if (pace === undefined) socket.write(answer);
    else stream(socket, Number(pace));
  });
}

const pacePattern = new RegExp(`\\r\\n${paceHeader}: *(\\d+)`, 'i');
const server = createServer(serve);
server.listen(0, '127.0.0.1', 4096, () => console.log((server.address() as { port: number }).port));
