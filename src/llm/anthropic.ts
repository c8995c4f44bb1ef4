import type { Call, Dialect, RequestFacts } from '../core/dialect.ts';
import { type ErrorCode, errorCodes } from '../core/error-codes.ts';
import { headerValue } from '../core/headers.ts';
import type { Reply } from '../core/outcome.ts';
import { anthropicAnswer } from './anthropic-answer.ts';
import { anthropicContent } from './content/anthropic.ts';
import { bodyMembers, historyIn, isGreedy, modelAndStream, plainPath } from './describe.ts';
import { type ErrorSaid, errorReply } from './error-reply.ts';
import { eventStream } from './event-stream.ts';
import { watchHttp } from './http.ts';
import { isSet } from './json-scan.ts';
import { noteInMessages } from './note.ts';
import { retargetModel } from './retarget.ts';
import { anthropicSession } from './session-in-body.ts';
import { simplifyAnthropic } from './simplify/simplify.ts';
import { spokenReply } from './spoken-reply.ts';
import { watchAnswer } from './watch.ts';

/** Members by which a call continues or leaves state at the upstream: a thread, the container that code runs in. */
const stateMembers = ['thread', 'previous_message_id', 'container'];

/** Anthropic's messages interface. */
export const anthropic: Dialect = {
  name: 'anthropic',
  readsBody: true,
  // The interface demands this header; the paths alone may be those of any service for messages.
  matches: (request) => headerValue(request.headers, 'anthropic-version') !== undefined,
  describe,
  retarget: (request, target) =>
    target.model === undefined ? request : retargetModel(request, target.model, (body) => describe(request, body)),
  watch: (request, status, headers, facts) =>
    isMessages(request) || (request.method === 'POST' && status >= 400)
      ? watchAnswer(anthropicAnswer, request, status, headers, facts)
      : watchHttp(request, status, headers),
  hint: (request, text) => (isMessages(request) ? noteInMessages(request, text, (body) => describe(request, body)) : undefined),
  simplify: simplifyAnthropic,
  content: anthropicContent,
  speak,
  refuse: (failure) => errorReply(failure, errorBody(failure)),
  breakOff: (failure) => Buffer.from(eventStream([{ name: 'error', data: errorBody(failure) }])),
};

function isMessages(request: RequestFacts): boolean {
  return request.method === 'POST' && plainPath(request).endsWith('/messages');
}

function describe(request: RequestFacts, body: Uint8Array | undefined): Call {
  const members = bodyMembers(request, body);
  const asked = modelAndStream(body, members, false);
  if (!isMessages(request)) {
    const counts = request.method === 'POST' && plainPath(request).endsWith('/messages/count_tokens');
    return counts
      ? { kind: 'other', ...asked, stream: false, repeatable: true, stateful: false }
      : { kind: 'other', repeatable: false, stateful: false };
  }
  const stateful = !(body && members && !stateMembers.some((name) => isSet(body, members.get(name))));
  // Tools of MCP servers are called by the upstream itself: once more is not always harmless.
  const acts = body !== undefined && isSet(body, members?.get('mcp_servers'));
  const repeatable = !stateful && !acts && asked.model !== undefined;
  const call: Call = {
    kind: 'llm',
    ...asked,
    ...anthropicSession(body, members),
    ...historyIn(body, members, 'messages'),
    repeatable,
    stateful,
  };
  return isGreedy(body, members) ? { ...call, deterministic: true } : call;
}

function speak(text: string, call: Call): Reply | undefined {
  if (call.kind !== 'llm') return undefined;
  const usage = { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 };
  const begun = {
    id: 'msg_outrigger-degraded',
    type: 'message',
    role: 'assistant',
    model: call.model ?? 'outrigger',
    stop_sequence: null,
    usage,
  };
  if (call.stream !== true) {
    return spokenReply(JSON.stringify({ ...begun, content: [{ type: 'text', text }], stop_reason: 'end_turn' }), 'application/json');
  }
  const frames = [
    { type: 'message_start', message: { ...begun, content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 0 } },
    { type: 'message_stop' },
  ];
  return spokenReply(eventStream(frames.map((data) => ({ name: data.type, data }))), 'text/event-stream');
}

/** Anthropic's error, with our code where its own precise codes stand. */
function errorBody({ code, message, phase }: ErrorSaid): object {
  return { type: 'error', error: { type: errorType(code), message, details: { error_code: code, phase } }, request_id: null };
}

function errorType(code: ErrorCode): string {
  const { status } = errorCodes[code];
  if (status === 403) return 'permission_error';
  if (status === 404) return 'not_found_error';
  if (status < 500) return 'invalid_request_error';
  if (status === 503) return 'overloaded_error';
  return status === 504 ? 'timeout_error' : 'api_error';
}
