import type { Call, RequestFacts } from '../core/dialect.ts';
import { bodyMembers, historyIn, isGreedy, modelAndStream, plainPath } from './describe.ts';
import { isSet, type Member, type Members } from './json-scan.ts';
import { openaiSession } from './session-in-body.ts';

/** Where models work, by the end of the path. The first that fits counts. */
const generating: readonly (readonly [path: string, api: string])[] = [
  ['/chat/completions', 'chat'],
  ['/completions', 'completions'],
  ['/responses', 'responses'],
  ['/responses/compact', 'compact'],
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

/** Members of a call to the responses interface by which it continues or leaves state at the upstream. */
const stateMembers = ['previous_response_id', 'conversation', 'background', 'store'];

/** The interface that a request is for, where it is one by which models work. */
export function openaiApi(request: RequestFacts): string | undefined {
  if (request.method !== 'POST') return undefined;
  const path = plainPath(request);
  return generating.find(([end]) => path.endsWith(end))?.[1];
}

/** The member of a body that the conversation is in. */
function openaiHistory(api: string): string {
  return api === 'responses' ? 'input' : 'messages';
}

/** What a call of OpenAI's interface says about itself. */
export function describeOpenai(request: RequestFacts, body: Uint8Array | undefined): Call {
  const api = openaiApi(request);
  if (api === undefined) return { kind: 'other', repeatable: false, stateful: false };
  const members = bodyMembers(request, body);
  const state = api === 'responses' || api === 'compact' ? stateOf(body, members) : 'none';
  const { model, stream } = modelAndStream(body, members, false);
  const { session } = openaiSession(body, members);
  const { history } = historyIn(body, members, openaiHistory(api));
  // Other services have paths that end like these; what names no model may be one of theirs.
  const named = api === 'chat' || model !== undefined;
  const repeatable = named && (state === 'none' || state === 'read');
  const call: Call = { kind: 'llm', api, repeatable, stateful: state === 'continued' || state === 'read' };
  if (model !== undefined) call.model = model;
  if (stream !== undefined) call.stream = stream;
  if (session !== undefined) call.session = session;
  if (history) call.history = history;
  if (computing.has(api) || isGreedy(body, members)) call.deterministic = true;
  return call;
}

/**
 * What a call to the responses interface has to do with state at the upstream. `read`: it names what was stored there, and
 * changes nothing of it; `acts`: the upstream itself calls tools of MCP servers, which once more is not always harmless.
 */
function stateOf(body: Uint8Array | undefined, members: Members | undefined): 'none' | 'continued' | 'read' | 'acts' {
  // Where the body cannot be read, it may continue anything.
  if (!body || !members || stateMembers.some((name) => isSet(body, members.get(name)))) return 'continued';
  if (isSet(body, members.get('prompt')) || holdsType(body, members.get('input'), 'item_reference')) return 'read';
  return holdsType(body, members.get('tools'), 'mcp') ? 'acts' : 'none';
}

/** Whether an object of that `type` stands anywhere in a value. Text that quotes one does not count: its quotes are escaped. */
function holdsType(body: Uint8Array, member: Member | undefined, type: string): boolean {
  if (!member) return false;
  const value = Buffer.from(body.buffer, body.byteOffset + member.start, member.end - member.start);
  for (let at = value.indexOf(`${type}"`); at >= 0; at = value.indexOf(`${type}"`, at + 1)) {
    if (typeKey.test(value.toString('latin1', Math.max(at - keyBytes, 0), at))) return true;
  }
  return false;
}

const keyBytes = 24;
const typeKey = /"type"\s*:\s*"$/;
