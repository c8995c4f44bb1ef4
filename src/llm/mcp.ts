import type { Call, Dialect, RequestFacts } from '../core/dialect.ts';
import { headerValue } from '../core/headers.ts';
import { bodyMembers, plainPath } from './describe.ts';
import { errorReply } from './error-reply.ts';
import { watchHttp } from './http.ts';
import { textOf } from './json-scan.ts';
import { mcpAnswer } from './mcp-answer.ts';
import { watchAnswer } from './watch.ts';

const headerNames = ['mcp-session-id', 'mcp-protocol-version', 'mcp-method'];

/** Methods that only read, by the specification. */
const reading = /\/list$|^(resources\/read|resources\/templates\/list|prompts\/get|completion\/complete|ping|server\/discover)$/;

/** JSON-RPC's first code for errors of a server's own making. */
const serverError = -32000;

/** The Model Context Protocol over streamable HTTP. */
export const mcp: Dialect = {
  name: 'mcp',
  readsBody: true,
  matches: (request) => headerNames.some((name) => headerValue(request.headers, name) !== undefined) || plainPath(request).endsWith('/mcp'),
  describe,
  retarget: (request, target) => (target.model === undefined ? request : undefined),
  watch(request, status, headers) {
    // A notification is answered by 202, and by some servers by an empty 200.
    const answers = request.method === 'POST' && (status === 200 || status >= 400) && headerValue(headers, 'content-length') !== '0';
    return answers ? watchAnswer(mcpAnswer, request, status, headers) : watchHttp(request, status, headers);
  },
  hint: () => undefined,
  speak: () => undefined,
  // The id of the call stands in its body, which may be gone; with an error status clients do not look for it.
  refuse(failure) {
    const { code, message, phase } = failure;
    return errorReply(failure, { jsonrpc: '2.0', id: null, error: { code: serverError, message, data: { code, phase } } });
  },
  breakOff: () => undefined,
};

function describe(request: RequestFacts, body: Uint8Array | undefined): Call {
  const stateful = headerValue(request.headers, 'mcp-session-id') !== undefined;
  const members = request.method === 'POST' ? bodyMembers(request, body) : undefined;
  const method = body && members ? textOf(body, members.get('method')) : undefined;
  if (method === 'tools/call') return { kind: 'tool', repeatable: false, stateful };
  return { kind: 'other', repeatable: method !== undefined && reading.test(method), stateful };
}
