import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../core/error-codes.ts';

const unparsed: Readonly<Record<string, { status: string; code: ErrorCode }>> = {
  HPE_HEADER_OVERFLOW: { status: '431 Request Header Fields Too Large', code: 'headers_too_large' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: '413 Content Too Large', code: 'body_too_large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', code: 'bad_request' },
};

/** Answers bytes that are no HTTP request, where there is still somebody to answer. */
export function refuseUnparsed(error: Error, socket: Duplex): void {
  if (!socket.writable || ('_httpMessage' in socket && socket._httpMessage)) {
    socket.destroy();
    return;
  }
  const { status, code } = unparsed['code' in error ? String(error.code) : ''] ?? { status: '400 Bad Request', code: 'bad_request' };
  const body = JSON.stringify({ type: 'about:blank', title: status.slice(4), status: Number(status.slice(0, 3)), code });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/problem+json\r\nproxy-status: outrigger; error=http_request_error\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
