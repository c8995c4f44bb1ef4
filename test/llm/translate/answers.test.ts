import { expect, test } from 'vitest';
import type { Failure } from '../../../src/core/outcome.ts';
import type { Verdict } from '../../../src/core/verdict.ts';
import { textOf, wholeReply } from '../../policies/kit.ts';
import { answered, answeredJson, type Json, type Way } from './kit.ts';

const said = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-y', stop_sequence: null };
const call = { type: 'tool_use', id: 'toolu_1', name: 'look', input: { city: 'Bern' }, caller: { type: 'direct' } };
const completion = (message: Json, finish: string, more: Json = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-y',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, logprobs: null, finish_reason: finish }],
  ...more,
});
const toolCall = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"city":"Bern"}' } };

test('a message becomes a chat completion, its cached tokens among those of the prompt', async () => {
  const usage = { input_tokens: 10, cache_read_input_tokens: 4, cache_creation_input_tokens: 2, output_tokens: 7 };
  const content = [{ type: 'text', text: 'Let me ' }, { type: 'text', text: 'look.', citations: null }, call];
  const details = { output_tokens_details: { thinking_tokens: 3 } };
  const { json } = await answeredJson('to messages', { ...said, content, stop_reason: 'tool_use', usage: { ...usage, ...details } });
  expect(json).toEqual({
    id: 'msg_1',
    object: 'chat.completion',
    created: expect.any(Number) as number,
    model: 'claude-y',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'Let me look.',
          refusal: null,
          tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"city":"Bern"}' } }],
        },
        logprobs: null,
        finish_reason: 'tool_calls',
      },
    ],
    usage: {
      ...{ prompt_tokens: 16, completion_tokens: 7, total_tokens: 23 },
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 3 },
    },
  });
});

test('a chat completion becomes a message, its cached tokens apart', async () => {
  const usage = {
    ...{ prompt_tokens: 16, completion_tokens: 7, total_tokens: 23, prompt_tokens_details: { cached_tokens: 4 } },
    completion_tokens_details: { reasoning_tokens: 3 },
  };
  const { json } = await answeredJson(
    'to chat',
    completion({ content: 'Look.', refusal: null, tool_calls: [toolCall] }, 'tool_calls', { usage }),
  );
  expect(json).toEqual({
    id: 'chatcmpl-1',
    type: 'message',
    role: 'assistant',
    model: 'gpt-y',
    content: [
      { type: 'text', text: 'Look.' },
      { type: 'tool_use', id: 'call_1', name: 'look', input: { city: 'Bern' } },
    ],
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage: {
      ...{ input_tokens: 12, cache_creation_input_tokens: 0, cache_read_input_tokens: 4, output_tokens: 7 },
      output_tokens_details: { thinking_tokens: 3 },
    },
  });
});

test.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content_filter'],
])('a message that ended by %s is a completion that ended by %s', async (stop_reason, finish) => {
  const { json } = await answeredJson('to messages', { ...said, content: [{ type: 'text', text: 'x' }], stop_reason, usage: {} });
  expect(json).toMatchObject({ choices: [{ finish_reason: finish }] });
});

test.each<[string, Json, string]>([
  ['stop', { content: 'x' }, 'end_turn'],
  ['length', { content: 'x' }, 'max_tokens'],
  ['content_filter', { content: '' }, 'refusal'],
  ['stop', { content: null, tool_calls: [toolCall] }, 'tool_use'],
  ['stop', { content: null, refusal: 'I will not.' }, 'refusal'],
])('a completion that ended by %s with %j is a message that ended by %s', async (finish, facts, stop) => {
  expect((await answeredJson('to chat', completion(facts, finish))).json).toMatchObject({ stop_reason: stop });
});

test('arguments of calls keep every digit', async () => {
  const big = '{"n":9007199254740993,"f":0.1000000000000000055,"e":1e400,"z":-0}';
  const reply = (text: string) => wholeReply({ headers: ['content-type', 'application/json'] }, text);
  const asMessage = JSON.stringify({ ...said, content: [{ ...call, input: 'BIG' }], stop_reason: 'tool_use' }).replace('"BIG"', big);
  const there = await answered('to messages', reply(asMessage));
  expect(await textOf(there as never)).toContain(JSON.stringify(big));
  const asChat = completion({ content: null, tool_calls: [{ ...toolCall, function: { name: 'look', arguments: big } }] }, 'tool_calls');
  const back = await answered('to chat', reply(JSON.stringify(asChat)));
  expect(await textOf(back as never)).toContain(`"input":${big}`);
});

test.each<[Way, Json, string]>([
  [
    'to messages',
    { ...said, content: [{ type: 'thinking', thinking: 'x', signature: 's' }], stop_reason: 'end_turn' },
    'content[0].type thinking',
  ],
  ['to messages', { ...said, content: [{ type: 'text', text: 'x', citations: [{}] }], stop_reason: 'end_turn' }, 'content[0].citations'],
  ['to messages', { ...said, content: [call, { type: 'text', text: 'x' }], stop_reason: 'end_turn' }, 'stands behind a tool call'],
  ['to messages', { ...said, content: [], stop_reason: 'pause_turn' }, 'stop_reason pause_turn'],
  ['to messages', { ...said, content: [{ type: 'text', text: 'x', new_field: 1 }], stop_reason: 'end_turn' }, 'content[0].new_field'],
  ['to messages', { ...said, content: [{ ...call, caller: { type: 'code' } }], stop_reason: 'tool_use' }, 'content[0].caller'],
  ['to messages', { nonsense: true }, 'content'],
  [
    'to chat',
    completion({ content: null, tool_calls: [{ ...toolCall, extra_content: { signature: 's' } }] }, 'tool_calls'),
    'choices[0].message.tool_calls[0].extra_content',
  ],
  ['to chat', completion({ content: 'x', reasoning_content: 'hm' }, 'stop'), 'choices[0].message.reasoning_content'],
  ['to chat', completion({ content: 'x', annotations: [{}] }, 'stop'), 'choices[0].message.annotations'],
  ['to chat', completion({ content: null, function_call: { name: 'f' } }, 'stop'), 'choices[0].message.function_call'],
  ['to chat', completion({ content: 'x' }, 'odd'), 'finish_reason odd'],
  [
    'to chat',
    completion({ content: null, tool_calls: [{ ...toolCall, function: { name: 'f', arguments: '{' } }] }, 'stop'),
    'no JSON object',
  ],
  ['to chat', { choices: [{}, {}] }, 'choices are 2'],
])('%s: an answer that has no counterpart is a failure that names it, and leads on', async (way, json, reason) => {
  const reply = wholeReply({ headers: ['content-type', 'application/json'] }, JSON.stringify(json));
  const outcome = (await answered(way, reply)) as Failure;
  expect(outcome).toMatchObject({ kind: 'failure', verdict: 'invalid-output', code: 'upstream_protocol_error', sent: 'maybe' });
  expect(outcome.message).toContain(reason);
});

test.each<[string, Parameters<typeof wholeReply>[0], string]>([
  ['no JSON', { headers: ['content-type', 'application/json'] }, '<html>'],
  ['compressed', { headers: ['content-type', 'application/json', 'content-encoding', 'gzip'] }, '{}'],
  ['a stream that was not asked for', { headers: ['content-type', 'text/event-stream'] }, 'data: {}\n\n'],
  ['a redirect', { status: 302 }, '{}'],
])('an answer that is %s is a failure', async (_, facts, text) => {
  expect(await answered('to chat', wholeReply(facts, text))).toMatchObject({ kind: 'failure', verdict: 'invalid-output' });
});

test('of the fields of an answer those stay that mean the same in either format', async () => {
  const headers = [
    ...['Content-Type', 'application/json', 'Content-Length', '999', 'request-id', 'req_1', 'Retry-After', '7', 'Set-Cookie', 'a=b'],
    ...['anthropic-ratelimit-requests-remaining', '3', 'anthropic-organization-id', 'o', 'Transfer-Encoding', 'chunked'],
  ];
  const { reply, json } = await answeredJson('to messages', { ...said, content: [], stop_reason: 'end_turn' }, { headers });
  expect(reply.headers).toEqual([
    ...['content-type', 'application/json', 'content-length', String(JSON.stringify(json).length)],
    ...['x-request-id', 'req_1', 'retry-after', '7'],
  ]);
});

test.each<[Way, number, Verdict, number, Json]>([
  ['to messages', 429, 'rate-limited', 429, { error: { message: 'm', type: 'requests', param: null, code: 'rate_limit_exceeded' } }],
  ['to messages', 529, 'overloaded', 503, { error: { message: 'm', type: 'server_error', param: null, code: 'service_unavailable' } }],
  [
    'to messages',
    402,
    'quota-exhausted',
    429,
    { error: { message: 'm', type: 'insufficient_quota', param: null, code: 'insufficient_quota' } },
  ],
  ['to messages', 400, 'context-length', 400, { error: { code: 'context_length_exceeded' } }],
  ['to messages', 500, 'server-error', 500, { error: { type: 'server_error', code: null } }],
  ['to messages', 400, 'client-error', 400, { error: { type: 'invalid_request_error', code: null } }],
  ['to chat', 429, 'rate-limited', 429, { type: 'error', error: { type: 'rate_limit_error', message: 'm', details: { error_code: 'c' } } }],
  ['to chat', 429, 'quota-exhausted', 402, { error: { type: 'billing_error' } }],
  ['to chat', 503, 'overloaded', 529, { error: { type: 'overloaded_error' } }],
  ['to chat', 401, 'auth', 401, { error: { type: 'authentication_error' } }],
  ['to chat', 403, 'auth', 403, { error: { type: 'permission_error' } }],
  ['to chat', 404, 'model-unavailable', 404, { error: { type: 'not_found_error' } }],
  ['to chat', 500, 'server-error', 500, { error: { type: 'api_error' } }],
])('%s: an error of status %i (%s) has status %i in the caller’s format', async (way, status, verdict, expected, body) => {
  const error =
    way === 'to messages' ? { type: 'error', error: { type: 't', message: 'm' } } : { error: { message: 'm', type: 't', code: 'c' } };
  const { reply, json } = await answeredJson(way, error, { status, verdict, retryAfterMs: 500 });
  expect([reply.status, reply.verdict, reply.retryAfterMs]).toEqual([expected, verdict, 500]);
  expect(json).toMatchObject(body);
});

test('an error that is a page of something in between tells its status, and nothing of the page', async () => {
  const page = wholeReply({ status: 502, verdict: 'server-error', headers: ['content-type', 'text/html'] }, '<html>secret</html>');
  const reply = await answered('to chat', page);
  expect(reply).toMatchObject({ kind: 'reply', status: 502 });
  const text = await textOf(reply as never);
  expect(JSON.parse(text)).toMatchObject({ error: { message: 'The upstream answered with status 502.' } });
  expect(text).not.toContain('secret');
});
