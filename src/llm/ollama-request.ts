import type { Call, RequestFacts } from '../core/dialect.ts';
import type { ProxiedRequest } from '../core/exchange.ts';
import { changeableBody, withPiece } from './changed-body.ts';
import { bodyMembers, historyIn, isGreedy, modelAndStream, plainPath } from './describe.ts';
import { elementsOf, isSet, type Members, scanObject, textOf } from './json-scan.ts';
import { markedNote, noteInMessages } from './note.ts';

const generating = /\/api\/(chat|generate|embed|embeddings)$/;

/** The generating interface that a request is for; undefined where it is for something else. */
export function ollamaApi(request: RequestFacts): string | undefined {
  return request.method === 'POST' ? generating.exec(plainPath(request))?.[1] : undefined;
}

/** What a request to Ollama says about itself. One without anything to answer only loads the model, or unloads it. */
export function describeOllama(request: RequestFacts, body: Uint8Array | undefined): Call {
  const api = ollamaApi(request);
  if (api === undefined) return { kind: 'other', repeatable: false, stateful: false };
  const members = bodyMembers(request, body);
  const generates = api === 'chat' || api === 'generate';
  const asked = modelAndStream(body, members, generates);
  const facts = { api, ...asked, ...historyIn(body, members, 'messages'), repeatable: asked.model !== undefined, stateful: false };
  if (body && members && asked.model !== undefined && generates && onlyLoads(body, members, api)) return { kind: 'other', ...facts };
  const deterministic = !generates || isGreedy(body, members, 'options');
  return { kind: 'llm', ...facts, ...(deterministic && { deterministic }) };
}

/** The same request with a note: a message of its own in a chat, the end of the prompt otherwise. */
export function noteForOllama(request: ProxiedRequest, text: string): ProxiedRequest | undefined {
  const api = ollamaApi(request);
  const describe = (body: Uint8Array) => describeOllama(request, body);
  if (api === 'chat') return noteInMessages(request, text, describe);
  const bytes = api === 'generate' ? changeableBody(request) : undefined;
  const members = bytes && scanObject(bytes);
  const prompt = members?.get('prompt');
  if (!members || !prompt || !textOf(bytes, prompt)) return undefined;
  // A raw prompt ends where the model goes on, and text with a suffix is filled in between: a note would be part of it.
  if (isSet(bytes, members.get('raw')) || isSet(bytes, members.get('suffix'))) return undefined;
  const at = prompt.end - 1;
  return withPiece(request, bytes, { start: at, end: at }, JSON.stringify(`\n\n${markedNote(text)}`).slice(1, -1), describe);
}

function onlyLoads(body: Uint8Array, members: Members, api: string): boolean {
  if (api === 'generate') return !members.has('prompt') || textOf(body, members.get('prompt')) === '';
  return !members.has('messages') || elementsOf(body, members.get('messages'))?.length === 0;
}
