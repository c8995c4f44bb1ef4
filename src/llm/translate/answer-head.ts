import { STATUS_CODES } from 'node:http';
import type { RawHeaders } from '../../core/headers.ts';
import type { Reply, ReplyHead } from '../../core/outcome.ts';

/**
 * Fields of an answer that mean the same in either format. What providers tell of rates is not among them: it counts
 * something else, in another notation, of an account that the caller does not know. Nor are cookies.
 */
const kept = new Set(['date', 'retry-after', 'retry-after-ms', 'x-should-retry', 'cache-control', 'x-request-id', 'request-id']);

/** What each format calls the id of a request at the provider. */
const requestIds: Readonly<Record<string, string>> = { 'x-request-id': 'request-id', 'request-id': 'x-request-id' };

/** The head of a translated answer; `lengthBytes` where the length of its body is known. */
export function answerHead(reply: Reply, status: number, contentType: string, lengthBytes?: number): ReplyHead {
  const { verdict, origin, retryAfterMs } = reply;
  const length = lengthBytes === undefined ? [] : ['content-length', String(lengthBytes)];
  const headers = ['content-type', contentType, ...length, ...keptFields(reply.headers)];
  return { verdict, origin, status, statusText: STATUS_CODES[status] ?? '', headers, retryAfterMs };
}

function keptFields(headers: RawHeaders): string[] {
  const fields: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase();
    if (kept.has(name)) fields.push(requestIds[name] ?? name, headers[i + 1] ?? '');
  }
  return fields;
}
