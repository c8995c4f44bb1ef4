import type { Call, Dialect, RequestFacts, Watcher } from '../core/dialect.ts';
import { errorCodes } from '../core/error-codes.ts';
import { headerValue, mediaType, type RawHeaders } from '../core/headers.ts';
import type { Failure } from '../core/outcome.ts';
import { contentEncodings, DecodedWatcher } from './decoded-watcher.ts';
import { plainPath } from './describe.ts';
import { watchHttp } from './http.ts';
import { mcpAnswer } from './mcp-answer.ts';
import { describeMcp } from './mcp-request.ts';
import { McpStreamWatcher } from './mcp-stream.ts';
import { watchTools } from './mcp-tools.ts';
import { watchAnswer } from './watch.ts';
import { writtenReply } from './written-reply.ts';

const headerNames = ['mcp-session-id', 'mcp-protocol-version', 'mcp-method'];

/** JSON-RPC's first code for errors of a server's own making. */
const serverError = -32000;

/** The Model Context Protocol over streamable HTTP: with sessions (2025-03-26 to 2025-11-25) and without (2026-07-28). */
export const mcp: Dialect = {
  name: 'mcp',
  readsBody: true,
  namesCalls: true,
  matches: (request) => headerNames.some((name) => headerValue(request.headers, name) !== undefined) || plainPath(request).endsWith('/mcp'),
  describe: describeMcp,
  retarget: (request, target) => (target.model === undefined ? request : undefined),
  watch,
  // What a tool is asked is no prompt, and a sentence is no result of it.
  hint: () => undefined,
  speak: () => undefined,
  refuse(failure, call) {
    const { code, verdict, origin, retryAfterMs } = failure;
    const errors = errorsTo(failure, call?.ids);
    // Where no id is known it is null, as JSON-RPC wants it.
    const text = errors.length > 1 ? `[${errors.join(',')}]` : (errors[0] ?? rpcError(failure, 'null'));
    return writtenReply({ verdict, origin, status: errorCodes[code].status, retryAfterMs }, text, 'application/json');
  },
  breakOff(failure, call) {
    const events = errorsTo(failure, call?.ids).map((error) => `event: message\ndata: ${error}\n\n`);
    return events.length > 0 ? Buffer.from(events.join('')) : undefined;
  },
  standsOpen: ({ headers }) => headerValue(headers, 'mcp-method') === 'subscriptions/listen',
  watchTools,
};

function watch(request: RequestFacts, status: number, headers: RawHeaders): Watcher {
  const ids = request.described?.ids;
  // A notification is answered by 202, and by some servers by an empty 200.
  const answers = (status === 200 && ids?.length !== 0) || status >= 400;
  if (request.method !== 'POST' || !answers || headerValue(headers, 'content-length') === '0') return watchHttp(request, status, headers);
  const encodings = status === 200 && mediaType(headers) === 'text/event-stream' ? contentEncodings(headers) : undefined;
  if (!encodings) return watchAnswer(mcpAnswer, request, status, headers);
  const watcher = new McpStreamWatcher(ids);
  return encodings.length === 0 ? watcher : new DecodedWatcher(watcher, encodings);
}

type Told = Pick<Failure, 'code' | 'message' | 'phase'>;

/** The errors that answer these ids, as JSON. */
function errorsTo(failure: Told, ids: Call['ids'] = []): string[] {
  return ids.map((id) => rpcError(failure, id));
}

/** `id` is JSON, and stays as the agent wrote it. */
function rpcError({ code, message, phase }: Told, id: string): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code: serverError, message, data: { code, phase } })}}`;
}
