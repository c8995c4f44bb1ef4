import type { Call, RequestFacts } from '../core/dialect.ts';
import type { ProxiedRequest, Target } from '../core/exchange.ts';
import { changeableBody, withPiece } from './changed-body.ts';
import { bodyMembers, historyIn, isGreedy, plainPath } from './describe.ts';
import { elementsOf, isSet, scanObject } from './json-scan.ts';
import { markedNote, roleOf } from './note.ts';

/** `…/models/{model}:{method}`, behind any version, and behind Vertex AI's project, location and publisher. */
const modelInPath = /(\/(?:models|tunedModels|endpoints)\/)([^/:]+)(?=:(\w+)$)/;

/** What is generated, by method; `object` and `array` are the two ways of an answer in words. */
const apis: Readonly<Record<string, string>> = {
  generateContent: 'object',
  streamGenerateContent: 'object',
  embedContent: 'embed',
  batchEmbedContents: 'embed',
  predict: 'predict',
};

/** Names by which content that was cached before is named; protocol buffers' JSON may be written either way. */
const cacheMembers = ['cachedContent', 'cached_content'];

/** The method that a POST calls on a model; undefined for anything else. */
export function methodOf(request: RequestFacts): string | undefined {
  return request.method === 'POST' ? modelInPath.exec(plainPath(request))?.[3] : undefined;
}

/** What a request to Gemini says about itself. */
export function describeGemini(request: RequestFacts, body: Uint8Array | undefined): Call {
  const method = methodOf(request);
  if (method === undefined) return { kind: 'other', repeatable: false, stateful: false };
  const model = modelOf(request);
  const api = apis[method];
  if (api === undefined) return { kind: 'other', model, repeatable: method === 'countTokens', stateful: false };
  const members = bodyMembers(request, body);
  // Content that was cached is at one upstream only, but reading it changes nothing there.
  const stateful = !(body && members && !cacheMembers.some((name) => isSet(body, members.get(name))));
  const stream = method === 'streamGenerateContent';
  const deterministic = api === 'embed' || isGreedy(body, members, 'generationConfig') || isGreedy(body, members, 'generation_config');
  const shape = stream && !asksForEvents(request) ? 'array' : api;
  const call: Call = { kind: 'llm', model, stream, api: shape, repeatable: true, stateful, ...historyIn(body, members, 'contents') };
  return deterministic ? { ...call, deterministic } : call;
}

/** The same request with another model in its path. A body that names models too, or that is not at hand, cannot follow. */
export function retargetGemini(request: ProxiedRequest, target: Target): ProxiedRequest | undefined {
  if (target.model === undefined) return request;
  const method = methodOf(request);
  const bytes = changeableBody(request);
  const members = bytes && scanObject(bytes);
  // Every request of a batch names the model.
  if (method === undefined || method === 'batchEmbedContents' || !members || members.has('model')) return undefined;
  const query = request.path.indexOf('?');
  const bare = query < 0 ? request.path : request.path.slice(0, query);
  // An endpoint of Vertex AI stands for one deployed model: another is not found there.
  if (bare.includes('/endpoints/')) return undefined;
  const model = encodeURIComponent(target.model);
  const moved = bare.replace(modelInPath, (_, before: string) => before.replace('tunedModels', 'models') + model);
  const changed = { ...request, path: moved + (query < 0 ? '' : request.path.slice(query)) };
  return { ...changed, call: () => describeGemini(changed, bytes) };
}

/**
 * The same request with a note as one more part of the user's last turn: a turn with the results of functions stays the one
 * that follows their calls. Undefined where the body cannot be changed or has no such turn.
 */
export function noteInContents(request: ProxiedRequest, text: string): ProxiedRequest | undefined {
  const bytes = changeableBody(request);
  if (!bytes) return undefined;
  const turn = elementsOf(bytes, scanObject(bytes)?.get('contents'))?.findLast((content) => roleOf(bytes, content) !== 'model');
  if (!turn || !['user', undefined].includes(roleOf(bytes, turn))) return undefined;
  const content = bytes.subarray(turn.start, turn.end);
  const end = elementsOf(content, scanObject(content)?.get('parts'))?.at(-1)?.end;
  if (end === undefined) return undefined;
  const at = turn.start + end;
  const part = JSON.stringify({ text: markedNote(text) });
  return withPiece(request, bytes, { start: at, end: at }, `,${part}`, (body) => describeGemini(request, body));
}

function modelOf(request: RequestFacts): string {
  const segment = modelInPath.exec(plainPath(request))?.[2] ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function asksForEvents(request: RequestFacts): boolean {
  const query = request.path.indexOf('?');
  return query >= 0 && new URLSearchParams(request.path.slice(query)).get('alt') === 'sse';
}
