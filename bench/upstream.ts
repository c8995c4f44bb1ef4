/** The stand-in for an LLM: checks every request byte for byte and sends fixed answers, on raw sockets so that it is never the slowest part. */
import { createServer, type Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import {
  answerBody,
  chatBody,
  doneEvent,
  eventCount,
  eventsHeader,
  longBodies,
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
const headEnd = Buffer.from('\r\n\r\n');
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

/** Sends the role and the first content at once, then an event every `paceMs`; the last two are always the finish reason and the usage. */
function stream(socket: Socket, paceMs: number, events: number): void {
  socket.write(Buffer.concat([streamHead, stamped(0), stamped(1)]));
  let sent = 2;
  const timer = setInterval(() => {
    const left = events - sent;
    const frame = stamped(left > 2 ? sent : eventCount - left);
    socket.write(left === 1 ? Buffer.concat([frame, streamEnd]) : frame);
    sent += 1;
    if (left === 1) stop();
  }, paceMs);
  const stop = () => {
    clearInterval(timer);
    socket.off('close', stop);
  };
  socket.on('close', stop);
}

/** One connection: requests with a Content-Length, one after the other. */
class Connection {
  readonly #socket: Socket;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #head = '';
  /** Bytes of the request that is being read; unknown until its head is there. */
  #length = Number.POSITIVE_INFINITY;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  push(data: Buffer): void {
    this.#pieces.push(data);
    this.#bytes += data.length;
    if (this.#length === Number.POSITIVE_INFINITY && !this.#readHead()) return;
    if (this.#bytes < this.#length) return;
    const request = this.#whole();
    const body = request.subarray(this.#head.length + headEnd.length);
    this.#pieces = [];
    this.#bytes = 0;
    this.#length = Number.POSITIVE_INFINITY;
    this.#answer(body);
  }

  /** Whether the head is there. */
  #readHead(): boolean {
    const input = this.#whole();
    this.#pieces = [input];
    const end = input.indexOf(headEnd);
    if (end < 0) return false;
    this.#head = input.toString('latin1', 0, end);
    // A request without a length is read as one without a body, which is wrong.
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head)?.[1] ?? 0;
    this.#length = end + headEnd.length + Number(length);
    return true;
  }

  #whole(): Buffer {
    return this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
  }

  #answer(body: Buffer): void {
    const pace = pacePattern.exec(this.#head)?.[1];
    if (!isExpected(body, pace !== undefined)) this.#socket.end(wrongRequest);
    else if (pace === undefined) this.#socket.write(answer);
    else stream(this.#socket, Number(pace), Number(eventsPattern.exec(this.#head)?.[1] ?? eventCount));
  }
}

const chatBodies = [chatBody, ...longBodies.values()];

/** Whether a body is one that the load sends. A proxy that writes the JSON anew may order its keys otherwise; what it makes of a body once is compared as bytes from then on. */
function isExpected(body: Buffer, streamed: boolean): boolean {
  if (streamed) return body.equals(streamBody);
  if (chatBodies.some((expected) => body.equals(expected))) return true;
  const meant = chatBodies.find((expected) => isSameJson(body, expected));
  if (meant !== undefined) chatBodies.push(Buffer.from(body));
  return meant !== undefined;
}

function isSameJson(body: Buffer, expected: Buffer): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(body.toString()), JSON.parse(expected.toString()));
  } catch {
    return false;
  }
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  const connection = new Connection(socket);
  socket.on('data', (data: Buffer) => connection.push(data));
}

const pacePattern = new RegExp(`\\r\\n${paceHeader}: *(\\d+)`, 'i');
const eventsPattern = new RegExp(`\\r\\n${eventsHeader}: *(\\d+)`, 'i');
const server = createServer(serve);
server.listen(0, '127.0.0.1', 4096, () => console.log((server.address() as { port: number }).port));
