import type { Call, Dialect, RequestFacts, Watcher } from '../core/dialect.ts';
import { errorCodes } from '../core/error-codes.ts';
import { headerValue, mediaType, type RawHeaders } from '../core/headers.ts';
import { type AnswerFormat, content } from './answer-format.ts';
import { verdictOfStatus } from './classify.ts';
import { contentEncodings } from './decoded-watcher.ts';
import { errorReply } from './error-reply.ts';
import { PlainWatcher } from './plain-watcher.ts';
import { StreamWatcher } from './stream-watcher.ts';
import { isBodiless } from './watch.ts';

/** An answer that announces at most this is judged when it is all there; a longer one at its first byte. */
const heldBytes = 64 * 1024;

const call: Call = { kind: 'other', repeatable: false, stateful: false };

/** Any event of a stream is content, and no mark ends it. */
const anyEvents: AnswerFormat = {
  readEvent: () => content,
  readWhole: () => ({ verdict: 'ok' }),
  readTail: () => undefined,
  endMarked: false,
};

/** Plain HTTP: nothing is known but the status and the framing. Errors are RFC 9457 problem details. */
export const http: Dialect = {
  name: 'http',
  readsBody: false,
  matches: () => true,
  describe: () => call,
  retarget: (request, target) => (target.model === undefined ? request : undefined),
  watch: watchHttp,
  hint: () => undefined,
  speak: () => undefined,
  refuse(failure) {
    const { code, message, phase } = failure;
    const { status } = errorCodes[code];
    const body = { type: 'about:blank', title: code.replaceAll('_', ' '), status, detail: message, code, phase };
    return errorReply(failure, body, 'application/problem+json');
  },
  breakOff: () => undefined,
};

/** Follows any answer by its status, its framing and, in an event stream, its events. */
export function watchHttp(request: RequestFacts, status: number, headers: RawHeaders): Watcher {
  const verdict = verdictOfStatus(status);
  if (verdict !== 'ok' || isBodiless(request.method, status)) return new PlainWatcher({ verdict, awaitedBytes: 0, empty: 'ok' });
  if (mediaType(headers) === 'text/event-stream') {
    // A GET stands open for events and may be silent for ever.
    if (request.method === 'GET') return new PlainWatcher({ verdict, awaitedBytes: 0, empty: 'ok' });
    if (contentEncodings(headers)?.length === 0) return new StreamWatcher(anyEvents, 'sse');
  }
  const announced = Number(headerValue(headers, 'content-length') ?? Number.NaN);
  return new PlainWatcher({ verdict, awaitedBytes: announced <= heldBytes ? Math.max(announced, 1) : 1, empty: 'ok' });
}
