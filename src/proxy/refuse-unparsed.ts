import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../core/error-codes.ts';
import { callOn, closeAfterCall, isClosing } from './agent-socket.ts';

const unparsed: Readonly<Record<string, { status: string; code: ErrorCode }>> = {
  HPE_HEADER_OVERFLOW: { status: '431 Request Header Fields Too Large', code: 'headers_too_large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', code: 'bad_request' },
};

/**
 * Answers bytes that are no HTTP request, where there is still somebody to answer. Bytes that break the body of a request
 * end the call that is under way for it.
 */
export function refuseUnparsed(error: Error, socket: Duplex): void {
  // The sockets of node:http and node:https servers are net.Sockets.
  const agent = socket as Socket;
  const parserCode = 'code' in error ? String(error.code) : '';
  // Bytes behind a request that closes its connection are nobody's (RFC 9112, 9.6).
  if (parserCode === 'HPE_CLOSED_CONNECTION') {
    closeAfterCall(agent);
    return;
  }
  // The socket itself has failed: whoever sent has left.
  if (!parserCode.startsWith('HPE_') && unparsed[parserCode] === undefined) {
    socket.destroy();
    return;
  }
  const { status, code } = unparsed[parserCode] ?? { status: '400 Bad Request', code: 'bad_request' };
  const call = callOn(agent);
  if (call) {
    closeAfterCall(agent);
    call.abort({ verdict: 'client-error', code, message: 'The body of the request is not valid HTTP.' });
    return;
  }
  if (!socket.writable || isClosing(agent)) {
    socket.destroy();
    return;
  }
  closeAfterCall(agent);
  const body = JSON.stringify({ type: 'about:blank', title: status.slice(4), status: Number(status.slice(0, 3)), code });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/problem+json\r\nproxy-status: outrigger; error=http_request_error\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
