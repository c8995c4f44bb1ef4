import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Sidecar } from '../../src/sidecar.ts';
import { type HttpHead, valuesOf } from '../kit/http-message.ts';
import { http } from '../kit/http-text.ts';

/** The path of every upgrade, so that faults can be aimed at it. */
export const socketPath = '/v1/realtime';

/** What every accept key is made with (RFC 6455, 1.3). */
const acceptSalt = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The `101` that agrees to an upgrade. */
export function agreed(head: HttpHead): string {
  return http(['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${acceptOf(head)}`]);
}

/** A text message of a server, of at most 125 bytes (RFC 6455, 5.2). */
export const message = (content: string): string => `\x81${String.fromCharCode(content.length)}${content}`;

/** A close frame of a server. */
export const closing = (code: number): string => `\x88\x02${String.fromCharCode(code >> 8, code & 0xff)}`;

function acceptOf(head: HttpHead): string {
  const [key = ''] = valuesOf(head, 'sec-websocket-key');
  return createHash('sha1').update(`${key}${acceptSalt}`).digest('base64');
}

/** An upgrade that was asked for, as its client sees it. */
export interface Asked {
  readonly socket: WebSocket;
  /** The first message, or the status of a refusal; `broken off` where the connection ended before either. */
  readonly told: string;
  /** The attempts, without their times and phases. */
  readonly ledger: string;
  /** The code of the close; 1006 where the connection just ended. */
  readonly closed: Promise<number>;
}

/** Asks for a WebSocket and waits for what comes first of it. */
export async function askForSocket({ proxy }: Sidecar): Promise<Asked> {
  const socket = new WebSocket(`ws://${proxy.host}:${proxy.port}${socketPath}?model=gpt-realtime`, { perMessageDeflate: false });
  onTestFinished(() => socket.terminate());
  const told = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<number>();
  let ledger = '';
  const remember = ({ headers }: IncomingMessage) => {
    ledger = String(headers['x-outrigger-attempts']).replace(/;(ms|phase)=\w+/g, '');
  };
  socket.on('upgrade', remember);
  socket.on('unexpected-response', (request, response: IncomingMessage) => {
    remember(response);
    const over = () => {
      request.destroy();
      told.resolve(String(response.statusCode));
    };
    // A body that breaks off is told by its status as well.
    void text(response).then(over, over);
  });
  socket.once('message', (data: Buffer) => told.resolve(data.toString()));
  // It closes as well.
  socket.on('error', () => {});
  socket.on('close', (code) => {
    told.resolve('broken off');
    closed.resolve(code);
  });
  return { socket, told: await told.promise, ledger, closed: closed.promise };
}
