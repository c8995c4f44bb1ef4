import { type AnswerCase, sse } from '../cases.ts';

const frame = (type: string, fields: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
/** The beginning of a stream. */
export const start = frame('message_start', {
  message: {
    type: 'message',
    content: [],
    usage: { input_tokens: 7, cache_read_input_tokens: 90, cache_creation_input_tokens: 3, output_tokens: 1 },
  },
});
const block = frame('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
const ping = frame('ping');
/** Its first content. */
export const hello = frame('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hé "error"' } });
const blockEnd = frame('content_block_stop', { index: 0 });
const delta = (reason: string) =>
  frame('message_delta', {
    delta: { stop_reason: reason },
    usage: { output_tokens: 50, input_tokens: null, output_tokens_details: { thinking_tokens: 20 } },
  });
const stop = frame('message_stop');
const error = (type: string) => frame('error', { error: { type, message: 'no' } });
const usage = { input: 7, output: 30, cacheRead: 90, cacheWrite: 3, reasoning: 20 };
const begun = { input: 7, output: 1, cacheRead: 90, cacheWrite: 3, reasoning: 0 };
const message = (reason: string) =>
  JSON.stringify({
    type: 'message',
    content: [{ type: 'text', text: 'Hi' }],
    stop_reason: reason,
    usage: { input_tokens: 7, output_tokens: 30, cache_read_input_tokens: 0, cache_creation_input_tokens: null },
  });
const wholeUsage = { input: 7, output: 30, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
const blockOf = (index: number, block: object) => frame('content_block_start', { index, content_block: block });
const deltaOf = (index: number, piece: object) => frame('content_block_delta', { index, delta: piece });
const thinks = blockOf(0, { type: 'thinking', thinking: '', signature: '' });
const thought = deltaOf(0, { type: 'thinking_delta', thinking: 'Hm' });
const signed = deltaOf(0, { type: 'signature_delta', signature: 'EqQB' });
const calls = blockOf(1, { type: 'tool_use', id: 'toolu_1', name: 'a', input: {} });
const argued = deltaOf(1, { type: 'input_json_delta', partial_json: '{"error":' });
const failed = (status: number, type: string, message = 'no', code?: string) => ({
  status,
  body: JSON.stringify({ type: 'error', error: { type, message, ...(code && { details: { error_code: code } }) }, request_id: 'req_1' }),
  complete: true,
});

const whole: AnswerCase[] = [
  { name: 'with a message', body: message('end_turn'), verdict: 'ok', complete: true, usage: wholeUsage },
  { name: 'with a refusal', body: message('refusal'), verdict: 'content-filter', complete: true, usage: wholeUsage },
  {
    name: 'that filled the window',
    body: message('model_context_window_exceeded'),
    verdict: 'context-length',
    complete: true,
    usage: wholeUsage,
  },
  {
    name: 'with an error inside a 200',
    body: '{"type":"error","error":{"type":"overloaded_error","message":""}}',
    verdict: 'overloaded',
    complete: true,
  },
  {
    name: 'that asks for a tool',
    body: '{"type":"message","content":[{"type":"tool_use","id":"toolu_1","name":"a","input":{"error":{}}}],"stop_reason":"tool_use"}',
    verdict: 'ok',
    complete: true,
  },
  { name: 'that pauses', body: message('pause_turn'), verdict: 'ok', complete: true, usage: wholeUsage },
];

const errors: AnswerCase[] = [
  { name: '400', ...failed(400, 'invalid_request_error'), verdict: 'client-error' },
  {
    name: '400 of a long prompt',
    ...failed(400, 'invalid_request_error', 'prompt is too long: 9 tokens > 8 maximum'),
    verdict: 'context-length',
  },
  {
    name: '400 of a thread that went on without this call',
    ...failed(400, 'invalid_request_error', 'no', 'thread_already_continued'),
    verdict: 'client-error',
  },
  {
    name: '400 of an empty account',
    ...failed(400, 'invalid_request_error', 'Your credit balance is too low.'),
    verdict: 'quota-exhausted',
  },
  { name: '401', ...failed(401, 'authentication_error'), verdict: 'auth' },
  { name: '402', ...failed(402, 'billing_error'), verdict: 'quota-exhausted' },
  { name: '403', ...failed(403, 'permission_error'), verdict: 'auth' },
  { name: '404 of a model', ...failed(404, 'not_found_error', 'model: claude-0'), verdict: 'model-unavailable' },
  { name: '404 of something else', ...failed(404, 'not_found_error', 'Not found'), verdict: 'client-error' },
  { name: '409', ...failed(409, 'conflict_error'), verdict: 'client-error' },
  { name: '413', ...failed(413, 'request_too_large', 'Request exceeds the maximum allowed number of bytes.'), verdict: 'client-error' },
  { name: '413 of a long prompt', ...failed(413, 'request_too_large', 'Prompt is too long'), verdict: 'context-length' },
  { name: '429', ...failed(429, 'rate_limit_error'), verdict: 'rate-limited' },
  { name: '429 of a ramp', ...failed(429, 'rate_limit_error', 'no', 'ramp_limit_exceeded'), verdict: 'rate-limited' },
  ...['enforced_spend_limit_reached', 'contract_spend_limit_reached', 'linked_organization_spend_limit_reached'].map(
    (code) => ({ name: `429 of ${code}`, ...failed(429, 'rate_limit_error', 'no', code), verdict: 'quota-exhausted' }) as const,
  ),
  { name: '403 of an organization on hold', ...failed(403, 'permission_error', 'no', 'organization_on_hold'), verdict: 'auth' },
  { name: '500', ...failed(500, 'api_error'), verdict: 'server-error' },
  { name: '503 of a compaction', ...failed(503, 'api_error', 'no', 'compaction_unavailable'), verdict: 'overloaded' },
  { name: '504', ...failed(504, 'timeout_error'), verdict: 'server-error' },
  { name: '529', ...failed(529, 'overloaded_error'), verdict: 'overloaded' },
  {
    name: '429 of a spend limit on counting tokens',
    request: { path: '/v1/messages/count_tokens' },
    ...failed(429, 'rate_limit_error', 'no', 'contract_spend_limit_reached'),
    verdict: 'quota-exhausted',
  },
];

const streams: AnswerCase[] = [
  {
    name: 'streamed to its end',
    body: start + block + ping + hello + hello + blockEnd + delta('end_turn') + stop,
    verdict: 'ok',
    complete: true,
    usage,
    meaningful: 3,
    judgedAfter: start + block + ping + hello,
  },
  {
    name: 'streamed without event names',
    body: (start + hello + delta('end_turn') + stop).replaceAll(/event: .*\n/g, ''),
    verdict: 'ok',
    complete: true,
    usage,
    judgedAfter: (start + hello).replaceAll(/event: .*\n/g, ''),
  },
  {
    name: 'streamed as an overload',
    body: error('overloaded_error'),
    verdict: 'overloaded',
    complete: false,
    judgedAfter: error('overloaded_error'),
  },
  {
    name: 'streamed as a start and an overload',
    body: start + error('overloaded_error'),
    verdict: 'overloaded',
    complete: false,
    usage: begun,
    judgedAfter: start + error('overloaded_error'),
  },
  {
    name: 'streamed with an error behind content',
    body: start + hello + error('api_error'),
    verdict: 'server-error',
    complete: false,
    usage: begun,
    judgedAfter: start + hello,
  },
  {
    name: 'streamed as a refusal',
    body: start + hello + delta('refusal') + stop,
    verdict: 'content-filter',
    complete: true,
    usage,
    judgedAfter: start + hello,
  },
  {
    name: 'streamed without its end mark',
    body: start + hello + delta('end_turn'),
    verdict: 'network',
    complete: false,
    usage,
    judgedAfter: start + hello,
  },
  { name: 'streamed without any content', body: start + block + ping, verdict: 'network', complete: false, usage: begun },
  {
    name: 'streamed with thoughts and a tool call',
    body: start + thinks + thought + signed + calls + argued + argued + delta('tool_use') + stop,
    verdict: 'ok',
    complete: true,
    usage,
    meaningful: 5,
    judgedAfter: start + thinks + thought,
  },
  {
    name: 'streamed with a hidden thought',
    body: start + blockOf(0, { type: 'redacted_thinking', data: 'EmwK' }) + delta('end_turn') + stop,
    verdict: 'ok',
    complete: true,
    usage,
    meaningful: 2,
    judgedAfter: start + blockOf(0, { type: 'redacted_thinking', data: 'EmwK' }),
  },
  {
    name: 'streamed with input that grew, each count being the one so far',
    body: start + hello + frame('message_delta', { delta: {}, usage: { input_tokens: 20, output_tokens: 4 } }) + delta('end_turn') + stop,
    verdict: 'ok',
    complete: true,
    usage: { ...usage, input: 20 },
    judgedAfter: start + hello,
  },
  {
    name: 'streamed as a full window',
    body: start + hello + delta('model_context_window_exceeded') + stop,
    verdict: 'context-length',
    complete: true,
    usage,
    judgedAfter: start + hello,
  },
  ...(
    [
      ['rate_limit_error', 'rate-limited'],
      ['billing_error', 'quota-exhausted'],
      ['authentication_error', 'auth'],
      ['invalid_request_error', 'client-error'],
      ['timeout_error', 'server-error'],
      ['api_error', 'server-error'],
      ['unknown_error', 'server-error'],
    ] as const
  ).map(([type, verdict]) => ({
    name: `streamed as ${type}`,
    body: ping + error(type),
    verdict,
    complete: false,
    judgedAfter: ping + error(type),
  })),
].map((answer) => ({ ...answer, headers: sse }) as AnswerCase);

/** Answers of Anthropic's messages interface, in one piece and as events. */
export const anthropicAnswers: readonly AnswerCase[] = [...whole, ...errors, ...streams];
