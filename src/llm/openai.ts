import type { Dialect } from '../core/dialect.ts';
import { errorCodes } from '../core/error-codes.ts';
import type { ProxiedRequest } from '../core/exchange.ts';
import { openaiContent } from './content/openai.ts';
import { plainPath } from './describe.ts';
import { type ErrorSaid, errorReply } from './error-reply.ts';
import { eventStream } from './event-stream.ts';
import { watchHttp } from './http.ts';
import { noteInMessages } from './note.ts';
import { openaiAnswer } from './openai-answer.ts';
import { describeOpenai, openaiApi } from './openai-call.ts';
import { noteInInput } from './openai-note.ts';
import { speakOpenai } from './openai-speak.ts';
import { watchOpenaiTunnel } from './openai-web-socket.ts';
import { retargetModel } from './retarget.ts';
import { simplifyOpenai } from './simplify/simplify.ts';
import { watchAnswer } from './watch.ts';

/** Paths that nobody else has: other services, too, have `responses` and `models`, but hardly behind a version. */
const ownPath =
  /\/chat\/completions$|\/v\d+\/(completions|embeddings|moderations|responses(\/[^/]+)*|models(\/(ft:[^/]+|[^/:]+))?|images\/\w+|audio\/\w+)$/;

/** OpenAI's HTTP interface, and that of the many that speak it: chat completions, responses, embeddings and the like. */
export const openai: Dialect = {
  name: 'openai',
  readsBody: true,
  matches: (request) => ownPath.test(plainPath(request)),
  describe: describeOpenai,
  retarget: (request, target) =>
    target.model === undefined ? request : retargetModel(request, target.model, (body) => describeOpenai(request, body)),
  watch: (request, status, headers, facts) =>
    status >= 400 || openaiApi(request) !== undefined
      ? watchAnswer(openaiAnswer, request, status, headers, facts)
      : watchHttp(request, status, headers),
  watchTunnel: watchOpenaiTunnel,
  hint: noted,
  simplify: simplifyOpenai,
  content: openaiContent,
  speak: speakOpenai,
  refuse: (failure) => errorReply(failure, { error: errorObject(failure) }),
  breakOff(failure) {
    // One event for chat completions, which have `error`, and for responses, which have the flat form.
    const flat = { type: 'error', code: failure.code, message: failure.message, param: null, sequence_number: 0 };
    return Buffer.from(eventStream([{ data: { error: errorObject(failure), ...flat } }]));
  },
};

/** The request with a note, where the interface has messages or input items. */
function noted(request: ProxiedRequest, text: string): ProxiedRequest | undefined {
  const describe = (body: Uint8Array) => describeOpenai(request, body);
  const api = openaiApi(request);
  if (api === 'chat') return noteInMessages(request, text, describe);
  return api === 'responses' ? noteInInput(request, text, describe) : undefined;
}

function errorObject({ code, message, phase }: ErrorSaid): object {
  const type = errorCodes[code].status < 500 ? 'invalid_request_error' : 'server_error';
  return { message, type, param: null, code, phase };
}
