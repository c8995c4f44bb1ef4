import type { Dialect } from '../core/dialect.ts';
import { headerValue } from '../core/headers.ts';
import { geminiContent } from './content/gemini.ts';
import { geminiAnswer, geminiArrayAnswer } from './gemini-answer.ts';
import { describeGemini, methodOf, noteInContents, retargetGemini } from './gemini-request.ts';
import { breakOffGemini, refuseGemini, speakGemini } from './gemini-speak.ts';
import { watchHttp } from './http.ts';
import { simplifyGemini } from './simplify/simplify.ts';
import { watchAnswer } from './watch.ts';

const generating = new Set(['generateContent', 'streamGenerateContent', 'embedContent', 'batchEmbedContents', 'predict']);

/** Methods that nobody else has; `predict`, for one, is TensorFlow Serving's, too. */
const ownMethods = new Set(['generateContent', 'streamGenerateContent', 'embedContent', 'batchEmbedContents', 'countTokens']);

/** Google's Gemini interface, its own and Vertex AI's: the model and the method stand in the path. */
export const gemini: Dialect = {
  name: 'gemini',
  readsBody: true,
  matches: (request) => headerValue(request.headers, 'x-goog-api-key') !== undefined || ownMethods.has(methodOf(request) ?? ''),
  describe: describeGemini,
  retarget: retargetGemini,
  watch(request, status, headers, facts) {
    const method = methodOf(request);
    if (method === undefined || (!generating.has(method) && status < 400)) return watchHttp(request, status, headers);
    return watchAnswer(method === 'streamGenerateContent' ? geminiArrayAnswer : geminiAnswer, request, status, headers, facts);
  },
  hint: (request, text) => (methodOf(request)?.endsWith('enerateContent') ? noteInContents(request, text) : undefined),
  simplify: simplifyGemini,
  content: geminiContent,
  speak: speakGemini,
  refuse: refuseGemini,
  breakOff: breakOffGemini,
};
