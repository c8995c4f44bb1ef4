import type { Call, RequestFacts } from '../core/dialect.ts';
import { headerValue } from '../core/headers.ts';
import { isEncoded } from './changed-body.ts';
import { bodyMembers } from './describe.ts';
import { asObject, type JsonObject, parseJson } from './json-object.ts';
import { asBuffer, behindSpace, type InnerObject, type Members, objectAt, textOf } from './json-scan.ts';

/** Methods that change nothing, or nothing more when they are called again, by the specifications from 2025-03-26 to 2026-07-28. */
const repeatable: ReadonlySet<string> = new Set([
  ...['initialize', 'server/discover', 'ping', 'completion/complete', 'logging/setLevel', 'subscriptions/listen'],
  ...['tools/list', 'prompts/list', 'prompts/get', 'tasks/list', 'tasks/get', 'tasks/result'],
  ...['resources/list', 'resources/templates/list', 'resources/read', 'resources/subscribe', 'resources/unsubscribe'],
]);

/** A batch above this is not looked into: a client has no reason to send one. */
const batchLimitBytes = 1024 * 1024;
/** A longer name of a program is cut. */
const clientLength = 60;
/** An id above this is not repeated in answers of ours. */
const idLimitBytes = 1024;

const openBracket = 0x5b;

/**
 * What the JSON-RPC messages of a POST are: one, or a batch of them (2025-03-26). Where there is no body to be read, the
 * headers of 2026-07-28 tell the method and the tool. Whether a tool may be called twice is not in the call itself.
 */
export function describeMcp(request: RequestFacts, body: Uint8Array | undefined): Call {
  const stateful = headerValue(request.headers, 'mcp-session-id') !== undefined;
  if (request.method !== 'POST') return { kind: 'other', repeatable: false, stateful };
  if (!body || isEncoded(request.headers)) return { ...byHeaders(request), stateful };
  if (body[behindSpace(body, 0)] === openBracket) return { ...ofBatch(body), stateful };
  const members = bodyMembers(request, body);
  return members ? { ...ofMessage(body, members), stateful } : { kind: 'other', repeatable: false, stateful };
}

type Described = Omit<Call, 'stateful'>;

function byHeaders({ headers }: RequestFacts): Described {
  const tool = headerValue(headers, 'mcp-name');
  if (headerValue(headers, 'mcp-method') !== 'tools/call') return { kind: 'other', repeatable: false };
  // A name that is no plain text is encoded, which only the body could undo for sure.
  return { kind: 'tool', repeatable: false, ...(tool !== undefined && !tool.startsWith('=?') && { tool }) };
}

function ofMessage(body: Uint8Array, members: Members): Described {
  const method = textOf(body, members.get('method'));
  const id = members.get('id');
  const ids = method !== undefined && id?.hits === 1 ? idsIn([asBuffer(body).subarray(id.start, id.end)]) : [];
  const parameters = objectAt(body, members.get('params'));
  const client = clientIn(parameters);
  if (method === 'tools/call') {
    const tool = parameters?.text('name');
    return { kind: 'tool', repeatable: false, ids, ...(tool !== undefined && { tool }), ...client };
  }
  const lists = method === 'tools/list' && { listsTools: true };
  // A notification is no request: nobody tells whether it has arrived.
  return { kind: 'other', repeatable: id !== undefined && method !== undefined && repeatable.has(method), ids, ...lists, ...client };
}

/** The program's name, where a request tells it: `initialize` up to 2025-11-25, every one from 2026-07-28 on. */
function clientIn(parameters: InnerObject | undefined): Pick<Call, 'client'> {
  const told = parameters?.object('clientInfo') ?? parameters?.object('_meta')?.object('io.modelcontextprotocol/clientInfo');
  const client = told?.text('name');
  return client === undefined || client === '' ? {} : { client: client.slice(0, clientLength) };
}

/** A batch may be repeated if each of its messages may. It names no tool, as what holds for one need not hold for another. */
function ofBatch(body: Uint8Array): Described {
  const parsed = body.byteLength > batchLimitBytes ? undefined : parseJson(asBuffer(body));
  if (!Array.isArray(parsed)) return { kind: 'other', repeatable: false };
  const messages = parsed.map(asObject);
  const requests = messages.filter((message) => message !== undefined && typeof message['method'] === 'string' && 'id' in message);
  const ids = idsIn(requests.map((message) => Buffer.from(JSON.stringify(message?.['id']))));
  const kind = messages.some((message) => message?.['method'] === 'tools/call') ? 'tool' : 'other';
  return { kind, repeatable: messages.length > 0 && messages.every(isRepeatable), ids };
}

function isRepeatable(message: JsonObject | undefined): boolean {
  const method = message?.['method'];
  return message !== undefined && 'id' in message && typeof method === 'string' && repeatable.has(method);
}

/** Those that are ids by JSON-RPC, strings and numbers, each as the text that it is. */
function idsIn(texts: readonly Buffer[]): string[] {
  const ids = texts.filter((text) => text.length <= idLimitBytes && ['string', 'number'].includes(typeof parseJson(text)));
  return ids.map((text) => text.toString());
}
