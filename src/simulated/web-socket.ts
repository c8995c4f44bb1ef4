import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { isRecord, textOf } from './json-fields.ts';

/** What RFC 6455 has the accepting side add to the key. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const textFrame = 0x81;
const closeFrame = 0x88;

/**
 * OpenAI's responses over a WebSocket, in short: each message is answered by three events, and one that `fails` by an error.
 * Takes messages of one frame only.
 */
export function answerWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer, fails: () => boolean): void {
  const accept = hash('sha1', `${request.headers['sec-websocket-key']}${acceptSuffix}`, 'base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`);
  let unread: Buffer = head;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    for (let frame = readFrame(unread); frame; frame = readFrame(unread)) {
      unread = unread.subarray(frame.length);
      if (frame.opcode === (closeFrame & 0x0f)) socket.end(Buffer.from([closeFrame, 0]));
      else for (const event of eventsFor(frame.payload.toString('utf8'), fails())) socket.write(writeFrame(JSON.stringify(event)));
    }
  });
}

function eventsFor(message: string, fails: boolean): object[] {
  if (fails) return [{ type: 'error', error: { type: 'server_error', code: 'server_error', message: 'Something is broken here.' } }];
  const parsed: unknown = JSON.parse(message);
  const { model = 'simulated-1', input = '' } = isRecord(parsed) ? parsed : {};
  const text = `You said: ${textOf(input)}`;
  const usage = { input_tokens: Math.ceil(textOf(input).length / 4), output_tokens: Math.ceil(text.length / 4) };
  const response = { id: 'resp_simulated', object: 'response', model };
  return [
    { type: 'response.created', response: { ...response, status: 'in_progress' } },
    { type: 'response.output_text.delta', item_id: 'msg_simulated', output_index: 0, content_index: 0, delta: text },
    { type: 'response.completed', response: { ...response, status: 'completed', usage } },
  ];
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  /** Of all of it. */
  readonly length: number;
}

/** The masked frame that a client's bytes begin with, once it is all there. Of up to 64 KB. */
function readFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 6) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const extended = short === 126 ? 2 : 0;
  const start = 2 + extended + 4;
  if (bytes.length < start) return undefined;
  const size = extended === 0 ? short : bytes.readUInt16BE(2);
  if (bytes.length < start + size) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + size).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
  return { opcode: bytes.readUInt8(0) & 0x0f, payload, length: start + size };
}

function writeFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(payload.length < 126 ? 2 : 4);
  head.writeUInt8(textFrame, 0);
  head.writeUInt8(Math.min(payload.length, 126), 1);
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
