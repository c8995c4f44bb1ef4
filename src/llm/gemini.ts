import type { Call, Dialect, RequestFacts } from '../core/dialect.ts';
import { errorCodes } from '../core/error-codes.ts';
import type { ProxiedRequest, Target } from '../core/exchange.ts';
import { headerValue, mediaType } from '../core/headers.ts';
import type { Reply } from '../core/outcome.ts';
import { bodyMembers, isGreedy, plainPath } from './describe.ts';
import { type ErrorSaid, errorReply } from './error-reply.ts';
import { eventStream } from './event-stream.ts';
import { geminiAnswer } from './gemini-answer.ts';
import { watchHttp } from './http.ts';
import { isSet } from './json-scan.ts';
import { isVouchedFor } from './retarget.ts';
import { spokenReply } from './spoken-reply.ts';
import { isBodiless, watchAnswer } from './watch.ts';

const modelInPath = /(\/(?:models|tunedModels)\/)([^/:]+)(?=:(\w+)$)/;
const generating = new Set(['generateContent', 'streamGenerateContent', 'embedContent', 'batchEmbedContents', 'predict']);

/** Google's Gemini interface: the model and the manner stand in the path. */
export const gemini: Dialect = {
  name: 'gemini',
  readsBody: true,
  matches: (request) => headerValue(request.headers, 'x-goog-api-key') !== undefined || modelInPath.test(plainPath(request)),
  describe,
  retarget,
  watch(request, status, headers) {
    const method = request.method === 'POST' ? pathParts(request)?.method : undefined;
    if (method === undefined || !generating.has(method)) return watchHttp(request, status, headers);
    // Without alt=sse a stream is one JSON array that grows: it can be followed by its bytes only.
    const grows = method === 'streamGenerateContent' && mediaType(headers) === 'application/json';
    return grows && status < 300 && !isBodiless(request.method, status)
      ? watchHttp(request, status, headers)
      : watchAnswer(geminiAnswer, request, status, headers);
  },
  hint: () => undefined,
  speak,
  refuse: (failure) => errorReply(failure, errorBody(failure)),
  breakOff: (failure) => Buffer.from(eventStream([{ data: errorBody(failure) }])),
};

function pathParts(request: RequestFacts): { model: string; method: string } | undefined {
  const found = modelInPath.exec(plainPath(request));
  return found ? { model: decoded(found[2] as string), method: found[3] as string } : undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function describe(request: RequestFacts, body: Uint8Array | undefined): Call {
  const parts = request.method === 'POST' ? pathParts(request) : undefined;
  if (!parts) return { kind: 'other', repeatable: false, stateful: false };
  const { model, method } = parts;
  if (!generating.has(method)) return { kind: 'other', model, repeatable: method === 'countTokens', stateful: false };
  const members = bodyMembers(request, body);
  // Content that was cached is at one upstream only, but reading it changes nothing there.
  const stateful = !(body && members && !isSet(body, members.get('cachedContent')));
  const stream = method === 'streamGenerateContent';
  const api = stream && !asksForEvents(request) ? 'array' : 'object';
  const deterministic = method.startsWith('embed') || method.startsWith('batchEmbed') || isGreedy(body, members, 'generationConfig');
  const call: Call = { kind: 'llm', model, stream, api, repeatable: true, stateful };
  return deterministic ? { ...call, deterministic } : call;
}

function asksForEvents(request: RequestFacts): boolean {
  const query = request.path.indexOf('?');
  return query >= 0 && new URLSearchParams(request.path.slice(query)).get('alt') === 'sse';
}

/** The model changes in the path; a body that names one, too, cannot follow. */
function retarget(request: ProxiedRequest, target: Target): ProxiedRequest | undefined {
  if (target.model === undefined) return request;
  const { bytes } = request.body;
  const members = bodyMembers(request, bytes);
  if (!pathParts(request) || !members || members.has('model') || isVouchedFor(request.headers)) return undefined;
  const query = request.path.indexOf('?');
  const bare = query < 0 ? request.path : request.path.slice(0, query);
  const model = encodeURIComponent(target.model);
  const path = bare.replace(modelInPath, (_, before: string) => before + model) + (query < 0 ? '' : request.path.slice(query));
  const changed = { ...request, path };
  return { ...changed, call: () => describe(changed, bytes) };
}

function speak(text: string, call: Call): Reply | undefined {
  if (call.kind !== 'llm') return undefined;
  const candidate = { content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP', index: 0 };
  const usageMetadata = { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 };
  const answer = { candidates: [candidate], usageMetadata, modelVersion: call.model ?? 'outrigger' };
  if (call.stream !== true) return spokenReply(JSON.stringify(answer), 'application/json');
  return call.api === 'array'
    ? spokenReply(JSON.stringify([answer]), 'application/json')
    : spokenReply(eventStream([{ data: answer }]), 'text/event-stream');
}

/** Google's names for statuses (google.rpc.Code), with our code as the reason of an ErrorInfo (AIP-193). */
const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

function errorBody({ code, message, phase }: ErrorSaid): object {
  const { status } = errorCodes[code];
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: code.toUpperCase(),
    domain: 'outrigger',
    metadata: { code, phase },
  };
  return { error: { code: status, message, status: statusNames[status] ?? 'FAILED_PRECONDITION', details: [info] } };
}
