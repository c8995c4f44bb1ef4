import type { Call, Dialect, RequestFacts } from '../core/dialect.ts';
import { headerValue } from '../core/headers.ts';
import type { Reply } from '../core/outcome.ts';
import { bodyMembers, isGreedy, modelAndStream, plainPath } from './describe.ts';
import { type ErrorSaid, errorReply } from './error-reply.ts';
import { watchHttp } from './http.ts';
import { ollamaAnswer } from './ollama-answer.ts';
import { retargetModel } from './retarget.ts';
import { spokenReply } from './spoken-reply.ts';
import { watchAnswer } from './watch.ts';

const generating = /\/api\/(chat|generate|embed|embeddings)$/;

/** Ollama's own interface, which streams lines of JSON unless told not to. */
export const ollama: Dialect = {
  name: 'ollama',
  readsBody: true,
  // Many applications have an /api/chat of their own: only its clients tell.
  matches: (request) => generating.test(plainPath(request)) && /^ollama/i.test(headerValue(request.headers, 'user-agent') ?? ''),
  describe,
  retarget: (request, target) =>
    target.model === undefined ? request : retargetModel(request, target.model, (body) => describe(request, body)),
  watch: (request, status, headers) =>
    request.method === 'POST' && api(request) !== undefined
      ? watchAnswer(ollamaAnswer, request, status, headers)
      : watchHttp(request, status, headers),
  hint: () => undefined,
  speak,
  refuse: (failure) => errorReply(failure, errorBody(failure)),
  breakOff: (failure) => Buffer.from(`${JSON.stringify(errorBody(failure))}\n`),
};

function api(request: RequestFacts): string | undefined {
  return generating.exec(plainPath(request))?.[1];
}

function describe(request: RequestFacts, body: Uint8Array | undefined): Call {
  const called = request.method === 'POST' ? api(request) : undefined;
  if (called === undefined) return { kind: 'other', repeatable: false, stateful: false };
  const members = bodyMembers(request, body);
  const generates = called === 'chat' || called === 'generate';
  const asked = modelAndStream(body, members, generates);
  const deterministic = !generates || isGreedy(body, members, 'options');
  const call: Call = { kind: 'llm', api: called, ...asked, repeatable: asked.model !== undefined, stateful: false };
  return deterministic ? { ...call, deterministic } : call;
}

function speak(text: string, call: Call): Reply | undefined {
  if (call.kind !== 'llm' || (call.api !== 'chat' && call.api !== 'generate')) return undefined;
  const said = call.api === 'chat' ? { message: { role: 'assistant', content: text } } : { response: text };
  const silent = call.api === 'chat' ? { message: { role: 'assistant', content: '' } } : { response: '' };
  const facts = { model: call.model ?? 'outrigger', created_at: new Date().toISOString() };
  const end = { done: true, done_reason: 'stop', prompt_eval_count: 0, eval_count: 0 };
  if (call.stream === false) return spokenReply(JSON.stringify({ ...facts, ...said, ...end }), 'application/json');
  const lines = [
    { ...facts, ...said, done: false },
    { ...facts, ...silent, ...end },
  ];
  return spokenReply(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), 'application/x-ndjson');
}

function errorBody({ code, message, phase }: ErrorSaid): object {
  return { error: message, code, phase };
}
