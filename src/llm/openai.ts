import type { Call, Dialect, RequestFacts } from '../core/dialect.ts';
import { errorCodes } from '../core/error-codes.ts';
import { bodyMembers, isGreedy, modelAndStream, plainPath } from './describe.ts';
import { type ErrorSaid, errorReply } from './error-reply.ts';
import { eventStream } from './event-stream.ts';
import { watchHttp } from './http.ts';
import { isSet } from './json-scan.ts';
import { openaiAnswer } from './openai-answer.ts';
import { speakOpenai } from './openai-speak.ts';
import { retargetModel } from './retarget.ts';
import { watchAnswer } from './watch.ts';

/** Where models work, by the end of the path. The first that fits counts. */
const generating: readonly (readonly [path: string, api: string])[] = [
  ['/chat/completions', 'chat'],
  ['/completions', 'completions'],
  ['/responses', 'responses'],
  ['/embeddings', 'embeddings'],
  ['/moderations', 'moderations'],
  ['/images/generations', 'images'],
  ['/images/edits', 'images'],
  ['/images/variations', 'images'],
  ['/audio/speech', 'audio'],
  ['/audio/transcriptions', 'audio'],
  ['/audio/translations', 'audio'],
];

/** What computes and does not write. */
const computing = new Set(['embeddings', 'moderations']);

/** Paths that nobody else has: other services, too, have `responses` and `models`, but hardly behind a version. */
const ownPath = /\/chat\/completions$|\/v\d+\/(completions|embeddings|moderations|(models|responses)(\/[^/]+)*|images\/\w+|audio\/\w+)$/;

/** Members of a call to the responses interface by which it reads or leaves state at the upstream. */
const stateMembers = ['previous_response_id', 'conversation', 'background', 'store'];

/** OpenAI's HTTP interface, and that of the many that speak it: chat completions, responses, embeddings and the like. */
export const openai: Dialect = {
  name: 'openai',
  readsBody: true,
  matches: (request) => ownPath.test(plainPath(request)),
  describe,
  retarget: (request, target) =>
    target.model === undefined ? request : retargetModel(request, target.model, (body) => describe(request, body)),
  watch: (request, status, headers) =>
    request.method === 'POST' && generatingApi(request) !== undefined
      ? watchAnswer(openaiAnswer, request, status, headers)
      : watchHttp(request, status, headers),
  hint: () => undefined,
  speak: speakOpenai,
  refuse: (failure) => errorReply(failure, { error: errorObject(failure) }),
  breakOff(failure) {
    // One event for chat completions, which have `error`, and for responses, which have the flat form.
    const flat = { type: 'error', code: failure.code, message: failure.message, param: null, sequence_number: 0 };
    return Buffer.from(eventStream([{ data: { error: errorObject(failure), ...flat } }]));
  },
};

function generatingApi(request: RequestFacts): string | undefined {
  const path = plainPath(request);
  return generating.find(([end]) => path.endsWith(end))?.[1];
}

function describe(request: RequestFacts, body: Uint8Array | undefined): Call {
  const api = request.method === 'POST' ? generatingApi(request) : undefined;
  if (api === undefined) return { kind: 'other', repeatable: false, stateful: false };
  const members = bodyMembers(request, body);
  // Where the body cannot be read, a call to the responses interface may continue anything.
  const stateful = api === 'responses' && !(body && members && !stateMembers.some((name) => isSet(body, members.get(name))));
  const asked = modelAndStream(body, members, false);
  // Other services have paths that end like these; what names no model may be one of theirs.
  const repeatable = !stateful && (api === 'chat' || asked.model !== undefined);
  const call: Call = { kind: 'llm', api, ...asked, repeatable, stateful };
  return computing.has(api) || isGreedy(body, members) ? { ...call, deterministic: true } : call;
}

function errorObject({ code, message, phase }: ErrorSaid): object {
  const type = errorCodes[code].status < 500 ? 'invalid_request_error' : 'server_error';
  return { message, type, param: null, code, phase };
}
