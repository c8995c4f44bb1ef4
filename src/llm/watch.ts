import type { AnswerFacts } from '../core/answer-facts.ts';
import type { RequestFacts, Watcher } from '../core/dialect.ts';
import { mediaType, type RawHeaders } from '../core/headers.ts';
import type { AnswerFormat, Asked } from './answer-format.ts';
import { verdictOfStatus } from './classify.ts';
import { contentEncodings, DecodedWatcher } from './decoded-watcher.ts';
import { ErrorWatcher } from './error-watcher.ts';
import { PlainWatcher } from './plain-watcher.ts';
import { StreamWatcher } from './stream-watcher.ts';
import { WholeWatcher } from './whole-watcher.ts';

/** Follows an answer of a format that is looked into: errors by their codes, streams by event, JSON as a whole. */
export function watchAnswer(
  format: AnswerFormat,
  request: RequestFacts,
  status: number,
  headers: RawHeaders,
  facts?: AnswerFacts,
): Watcher {
  const verdict = verdictOfStatus(status);
  if (isBodiless(request.method, status)) return new PlainWatcher({ verdict, awaitedBytes: 0, empty: 'ok' });
  const watcher = watchInside(format, status, mediaType(headers), format.withoutTokens ? undefined : request.body, facts);
  const applied = contentEncodings(headers);
  if (watcher && applied) return applied.length === 0 ? watcher : new DecodedWatcher(watcher, applied);
  // No such interface answers with a page: it comes from something in between.
  if (verdict === 'ok' && mediaType(headers) === 'text/html')
    return new PlainWatcher({ verdict: 'server-error', awaitedBytes: 0, empty: 'ok' });
  return new PlainWatcher({ verdict, awaitedBytes: status < 300 ? 1 : 0, empty: 'server-error' });
}

/** What looks into a body of that type; undefined where nothing does. */
function watchInside(format: AnswerFormat, status: number, type: string, asked: Asked, facts?: AnswerFacts): Watcher | undefined {
  const isJson = type === '' || type === 'application/json' || type.endsWith('+json');
  if (status >= 400) return isJson ? new ErrorWatcher(status) : undefined;
  if (status >= 300) return undefined;
  if (type === 'text/event-stream') return new StreamWatcher(format, 'sse', asked, facts);
  if (type === 'application/x-ndjson') return new StreamWatcher(format, 'ndjson', asked, facts);
  if (!isJson) return undefined;
  return format.growsAsArray ? new StreamWatcher(format, 'array', asked, facts) : new WholeWatcher(format, asked, facts);
}

/** Whether HTTP allows no body there (RFC 9110, section 6.4.1). */
export function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status < 200 || status === 204 || status === 205 || status === 304;
}
