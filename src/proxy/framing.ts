import type { IncomingMessage } from 'node:http';
import type { ErrorCode } from '../core/error-codes.ts';
import { headerValue } from '../core/headers.ts';

export interface Refusal {
  code: ErrorCode;
  message: string;
  /** Where the message ends is in doubt, or does not matter any more: nothing more is read from the connection. */
  closes?: boolean;
}

/**
 * What Node's parser lets through and another server might read differently. Whoever is in doubt about where a message
 * ends can be made to see two (request smuggling), so each of these is refused and nothing of it is sent on.
 */
export function framingProblem(request: IncomingMessage): Refusal | undefined {
  const raw = request.rawHeaders;
  const hosts = countOf(raw, 'host');
  const lengths = countOf(raw, 'content-length');
  const codings = countOf(raw, 'transfer-encoding');
  if (hosts === 0 && request.httpVersion !== '1.0') return bad('The request names no host.');
  if (hosts > 1) return bad('The request names its host more than once.');
  if (hosts === 1 && !/^[A-Za-z0-9\-._~%!$&'()*+,;=[\]:]*$/.test(headerValue(raw, 'host') ?? ''))
    return bad('The Host header is not a host.');
  if (codings > 1 || (codings === 1 && headerValue(raw, 'transfer-encoding')?.toLowerCase() !== 'chunked')) {
    return bad('The only transfer coding that is served is chunked, once.');
  }
  if (codings === 1 && request.httpVersion === '1.0') return bad('HTTP/1.0 has no transfer codings.');
  if (lengths > 1 || (lengths === 1 && codings === 1)) return bad('The request states its length twice.');
  if (lengths === 1 && !/^\d{1,15}$/.test(headerValue(raw, 'content-length') ?? '')) return bad('The Content-Length is not a number.');
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') return bad(`HTTP/${request.httpVersion} is not served here.`);
  return undefined;
}

/** The announced length of a body: 0 for none, undefined for a chunked one. */
export function announcedLength(request: IncomingMessage): number | undefined {
  if (request.headers['transfer-encoding'] !== undefined) return undefined;
  const length = request.headers['content-length'];
  return length === undefined ? 0 : Number(length);
}

function countOf(raw: readonly string[], lowerName: string): number {
  let count = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) count += 1;
  }
  return count;
}

function bad(message: string): Refusal {
  return { code: 'bad_request', message, closes: true };
}
