import type { Dialect } from '../core/dialect.ts';
import { headerValue } from '../core/headers.ts';
import { ollamaContent } from './content/ollama.ts';
import { plainPath } from './describe.ts';
import { watchHttp } from './http.ts';
import { ollamaAnswer } from './ollama-answer.ts';
import { describeOllama, noteForOllama, ollamaApi } from './ollama-request.ts';
import { breakOffOllama, refuseOllama, speakOllama } from './ollama-speak.ts';
import { retargetModel } from './retarget.ts';
import { simplifyOllama } from './simplify/simplify.ts';
import { watchAnswer } from './watch.ts';

const ownPath = /\/api\/[a-z]+(\/|$)/;

/** Ollama's own interface, which streams lines of JSON unless told not to. */
export const ollama: Dialect = {
  name: 'ollama',
  readsBody: true,
  // Many applications have an /api/chat of their own: only its clients tell.
  matches: (request) => ownPath.test(plainPath(request)) && /^ollama/i.test(headerValue(request.headers, 'user-agent') ?? ''),
  describe: describeOllama,
  retarget: (request, target) =>
    target.model === undefined ? request : retargetModel(request, target.model, (body) => describeOllama(request, body)),
  watch: (request, status, headers, facts) =>
    ollamaApi(request) !== undefined || status >= 400
      ? watchAnswer(ollamaAnswer, request, status, headers, facts)
      : watchHttp(request, status, headers),
  hint: noteForOllama,
  simplify: simplifyOllama,
  content: ollamaContent,
  speak: speakOllama,
  refuse: refuseOllama,
  breakOff: breakOffOllama,
};
