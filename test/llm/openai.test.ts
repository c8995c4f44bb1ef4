import { openai } from '../../src/llm/openai.ts';
import { json, keepsItsContract, sse } from './contract.ts';

const chunk = (delta: object, extra: object = {}, reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'gpt-5', choices: [{ index: 0, delta, finish_reason: reason }], ...extra })}\n\n`;
const role = chunk({ role: 'assistant', content: '', refusal: null });
const hello = chunk({ content: 'Hé "llo"' });
const stop = chunk({}, {}, 'stop');
const done = 'data: [DONE]\n\n';
const counts = {
  prompt_tokens: 100,
  completion_tokens: 50,
  total_tokens: 150,
  prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  completion_tokens_details: { reasoning_tokens: 20 },
};
const usage = { input: 30, output: 30, cacheRead: 60, cacheWrite: 10, reasoning: 20 };
const usageChunk = `data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [], usage: counts })}\n\n`;
const error = (fields: object) => JSON.stringify({ error: { message: 'no', type: null, param: null, code: null, ...fields } });
const completion = (message: object, reason = 'stop', extra: object = {}) =>
  JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: reason }], ...extra });

const responses = { path: '/v1/responses' };
const event = (type: string, fields: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 1, ...fields })}\n\n`;
const responseUsage = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 70 },
  output_tokens: 40,
  output_tokens_details: { reasoning_tokens: 30 },
};
const created = event('response.created', { response: { id: 'resp_1', status: 'in_progress', error: null, usage: null } });
const added = event('response.output_item.added', { item: { type: 'message', content: [] } });
const delta = event('response.output_text.delta', { delta: 'Hello' });
const completed = event('response.completed', { response: { id: 'resp_1', status: 'completed', error: null, usage: responseUsage } });

keepsItsContract({
  dialect: openai,
  request: { method: 'POST', path: '/v1/chat/completions?x=1', headers: json },
  calls: [
    {
      name: 'of a chat',
      body: '{"messages":[{"role":"user","content":"hi","model":"nested"}],"model":"gpt-5","stream":true}',
      call: { kind: 'llm', api: 'chat', model: 'gpt-5', stream: true, repeatable: true, stateful: false },
    },
    {
      name: 'of a chat whose model is written in escapes',
      body: '{"mod\\u0065l":"gpt\\u002d5"}',
      call: { kind: 'llm', api: 'chat', model: 'gpt-5', stream: false, repeatable: true, stateful: false },
    },
    {
      name: 'of a chat with two models, which has none for sure',
      body: '{"model":"a","model":"b"}',
      call: { kind: 'llm', api: 'chat', stream: false, repeatable: true, stateful: false },
    },
    { name: 'of a chat whose body is not there', call: { kind: 'llm', api: 'chat', repeatable: true, stateful: false } },
    {
      name: 'of a chat whose body is compressed',
      request: { headers: ['Content-Encoding', 'zstd'] },
      body: '{"model":"gpt-5"}',
      call: { kind: 'llm', api: 'chat', repeatable: true, stateful: false },
    },
    {
      name: 'of a response',
      request: responses,
      body: '{"model":"gpt-5","input":"hi","previous_response_id":null,"background":false,"store":false}',
      call: { kind: 'llm', api: 'responses', model: 'gpt-5', stream: false, repeatable: true, stateful: false },
    },
    ...['"previous_response_id":"resp_1"', '"conversation":{"id":"conv_1"}', '"background":true', '"store":true'].map((member) => ({
      name: `of a response with ${member}`,
      request: responses,
      body: `{"model":"gpt-5",${member}}`,
      call: { kind: 'llm', api: 'responses', model: 'gpt-5', stream: false, repeatable: false, stateful: true } as const,
    })),
    {
      name: 'of a response whose body is not there',
      request: responses,
      call: { kind: 'llm', api: 'responses', repeatable: false, stateful: true },
    },
    {
      name: 'of something at a path that ends alike but names no model',
      request: { path: '/survey/responses' },
      body: '{"answer":42}',
      call: { kind: 'llm', api: 'responses', stream: false, repeatable: false, stateful: false },
    },
    {
      name: 'of embeddings',
      request: { path: '/v1/embeddings/' },
      body: '{"model":"text-embedding-4","input":"hi"}',
      call: {
        kind: 'llm',
        api: 'embeddings',
        model: 'text-embedding-4',
        stream: false,
        repeatable: true,
        stateful: false,
        deterministic: true,
      },
    },
    {
      name: 'for the list of models',
      request: { method: 'GET', path: '/v1/models' },
      call: { kind: 'other', repeatable: false, stateful: false },
    },
  ],
  answers: [
    {
      name: 'with a message',
      body: completion({ role: 'assistant', content: 'Hi' }, 'stop', { usage: counts }),
      verdict: 'ok',
      complete: true,
      usage,
    },
    {
      name: 'with a message behind blanks',
      body: ` \n\r\n ${completion({ role: 'assistant', content: 'Hi' })}`,
      verdict: 'ok',
      complete: true,
    },
    { name: 'with embeddings', body: '{"object":"list","data":[],"error":null}', verdict: 'ok', complete: true },
    { name: 'with a filtered message', body: completion({ content: null }, 'content_filter'), verdict: 'content-filter', complete: true },
    { name: 'with a choice that failed', body: completion({ content: '' }, 'error'), verdict: 'server-error', complete: true },
    { name: 'with an error inside a 200', body: error({ code: 'insufficient_quota' }), verdict: 'quota-exhausted', complete: true },
    { name: 'with a status inside a 200', body: error({ code: 429 }), verdict: 'rate-limited', complete: true },
    { name: 'with an unknown error inside a 200', body: error({ code: 'odd' }), verdict: 'server-error', complete: true },
    { name: 'without a body', body: '', verdict: 'server-error', complete: true },
    { name: 'of blanks only', body: ' \n \n', verdict: 'server-error', complete: true },
    { name: 'that is no JSON', body: 'I am fine', verdict: 'server-error', complete: true },
    { name: 'that is half a JSON', body: '{"choices":[{"message":', verdict: 'server-error', complete: true },
    { name: 'that is a page', headers: ['content-type', 'text/html'], body: '<html>', verdict: 'server-error', complete: true },
    {
      name: 'with a response that failed',
      request: responses,
      body: '{"object":"response","status":"failed","error":{"code":"rate_limit_exceeded","message":"slow"}}',
      verdict: 'rate-limited',
      complete: true,
    },
    {
      name: 'with a filtered response',
      request: responses,
      body: '{"object":"response","status":"incomplete","error":null,"incomplete_details":{"reason":"content_filter"}}',
      verdict: 'content-filter',
      complete: true,
    },
    {
      name: 'with a response that ran out of tokens',
      request: responses,
      body: '{"object":"response","status":"incomplete","error":null,"incomplete_details":{"reason":"max_output_tokens"}}',
      verdict: 'ok',
      complete: true,
    },

    { name: '429 without a body', status: 429, body: '', verdict: 'rate-limited', complete: true },
    { name: '429 of a spent quota', status: 429, body: error({ code: 'insufficient_quota' }), verdict: 'quota-exhausted', complete: true },
    {
      name: '400 of a prompt that is too long',
      status: 400,
      body: error({ code: 'context_length_exceeded' }),
      verdict: 'context-length',
      complete: true,
    },
    {
      name: '404 of an unknown model',
      status: 404,
      body: error({ code: 'model_not_found' }),
      verdict: 'model-unavailable',
      complete: true,
    },
    { name: '404 of an unknown path', status: 404, body: error({ message: 'Not Found' }), verdict: 'client-error', complete: true },
    { name: '503 with a broad type', status: 503, body: error({ type: 'server_error' }), verdict: 'overloaded', complete: true },
    { name: '500 of a page', status: 500, headers: ['content-type', 'text/html'], body: '<h1>', verdict: 'server-error', complete: true },
    { name: '401', status: 401, body: error({ code: 'invalid_api_key' }), verdict: 'auth', complete: true },
    {
      name: '404 for a list of models',
      request: { method: 'GET', path: '/v1/models' },
      status: 404,
      body: '{}',
      verdict: 'client-error',
      complete: true,
    },

    {
      name: 'streamed to its end',
      headers: sse,
      body: `: hi\n\n${role}${hello}${stop}${usageChunk}${done}`,
      verdict: 'ok',
      complete: true,
      usage,
      meaningful: 3,
      judgedAfter: `: hi\n\n${role}${hello}`,
    },
    {
      name: 'streamed with an empty usage in every chunk',
      headers: sse,
      body:
        chunk({ role: 'assistant' }, { usage: null }) +
        chunk({ content: 'a' }, { usage: null }) +
        chunk({ content: 'b' }, { usage: null }) +
        usageChunk +
        done,
      verdict: 'ok',
      complete: true,
      usage,
      judgedAfter: chunk({ role: 'assistant' }, { usage: null }) + chunk({ content: 'a' }, { usage: null }),
    },
    {
      name: 'streamed as a tool call',
      headers: sse,
      body: `${role}${chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] })}${done}`,
      verdict: 'ok',
      complete: true,
      judgedAfter: `${role}${chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] })}`,
    },
    {
      name: 'streamed as a refusal',
      headers: sse,
      body: chunk({ refusal: 'No.' }) + done,
      verdict: 'ok',
      complete: true,
      judgedAfter: chunk({ refusal: 'No.' }),
    },
    {
      name: 'streamed as reasoning',
      headers: sse,
      body: chunk({ content: null, reasoning_content: 'Hm' }) + done,
      verdict: 'ok',
      complete: true,
      judgedAfter: chunk({ content: null, reasoning_content: 'Hm' }),
    },
    { name: 'streamed as a stop alone', headers: sse, body: role + stop + done, verdict: 'ok', complete: true, judgedAfter: role + stop },
    {
      name: 'streamed as a plain completion',
      headers: sse,
      body: `data: {"choices":[{"text":"Hi","finish_reason":null}]}\n\n${done}`,
      verdict: 'ok',
      complete: true,
      judgedAfter: 'data: {"choices":[{"text":"Hi","finish_reason":null}]}\n\n',
    },
    {
      name: 'streamed with text that talks of errors and usage',
      headers: sse,
      body:
        hello +
        chunk({ content: '{"error":{"code":"x"},"usage":{"prompt_tokens":1},[DONE]"content_filter"' }) +
        chunk({ content: 'error' }) +
        done,
      verdict: 'ok',
      complete: true,
      meaningful: 3,
      judgedAfter: hello,
    },
    {
      name: 'streamed, its end mark without a line end',
      headers: sse,
      body: `${hello}data: [DONE]`,
      verdict: 'ok',
      complete: true,
      judgedAfter: hello,
    },
    {
      name: 'streamed without its end mark',
      headers: sse,
      body: role + hello,
      verdict: 'network',
      complete: false,
      judgedAfter: role + hello,
    },
    { name: 'streamed without any content', headers: sse, body: role, verdict: 'network', complete: false },
    {
      name: 'streamed as an end mark alone',
      headers: sse,
      body: role + done,
      verdict: 'server-error',
      complete: true,
      judgedAfter: role + done,
    },
    { name: 'streamed as nothing', headers: sse, body: '', verdict: 'server-error', complete: false },
    { name: 'streamed as comments', headers: sse, body: ': wait\n\n: wait\n\n', verdict: 'server-error', complete: false },
    {
      name: 'streamed as an error',
      headers: sse,
      body: `${role}data: ${error({ code: 'rate_limit_exceeded' })}\n\n`,
      verdict: 'rate-limited',
      complete: false,
      meaningful: 0,
      judgedAfter: `${role}data: ${error({ code: 'rate_limit_exceeded' })}\n\n`,
    },
    {
      name: 'streamed as a named error',
      headers: sse,
      body: 'event: error\ndata: {"message":"busy","code":"server_overloaded"}\n\n',
      verdict: 'overloaded',
      complete: false,
      judgedAfter: 'event: error\ndata: {"message":"busy","code":"server_overloaded"}\n\n',
    },
    {
      name: 'streamed with an error behind content',
      headers: sse,
      body: `${hello}data: ${error({ type: 'server_error' })}\n\n${done}`,
      verdict: 'server-error',
      complete: true,
      judgedAfter: hello,
    },
    {
      name: 'streamed with an error beside an empty choice',
      headers: sse,
      body: hello + chunk({ content: '' }, { error: { code: 502, message: 'gone' } }, 'error'),
      verdict: 'server-error',
      complete: false,
      judgedAfter: hello,
    },
    {
      name: 'streamed and then filtered',
      headers: sse,
      body: hello + chunk({}, {}, 'content_filter') + done,
      verdict: 'content-filter',
      complete: true,
      judgedAfter: hello,
    },
    {
      name: 'streamed as torn JSON',
      headers: sse,
      body: `${role}data: {"choices":[{"del\n\n`,
      verdict: 'server-error',
      complete: false,
      judgedAfter: `${role}data: {"choices":[{"del\n\n`,
    },
    {
      name: 'streamed with torn JSON behind content',
      headers: sse,
      body: `${hello}data: {"choices":[{"del\n\n${done}`,
      verdict: 'server-error',
      complete: true,
      judgedAfter: hello,
    },

    {
      name: 'streamed as a response',
      request: responses,
      headers: sse,
      body: created + added + delta + completed,
      verdict: 'ok',
      complete: true,
      usage: { input: 30, output: 10, cacheRead: 70, cacheWrite: 0, reasoning: 30 },
      meaningful: 2,
      judgedAfter: created + added + delta,
    },
    {
      name: 'streamed as a response without event names',
      request: responses,
      headers: sse,
      body: (created + delta + completed).replaceAll(/event: .*\n/g, ''),
      verdict: 'ok',
      complete: true,
      usage: { input: 30, output: 10, cacheRead: 70, cacheWrite: 0, reasoning: 30 },
      judgedAfter: (created + delta).replaceAll(/event: .*\n/g, ''),
    },
    {
      name: 'streamed as a response without its end',
      request: responses,
      headers: sse,
      body: created + delta,
      verdict: 'network',
      complete: false,
      judgedAfter: created + delta,
    },
    {
      name: 'streamed as a response that fails at once',
      request: responses,
      headers: sse,
      body: created + event('response.failed', { response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: '' } } }),
      verdict: 'rate-limited',
      complete: true,
      judgedAfter:
        created + event('response.failed', { response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: '' } } }),
    },
    {
      name: 'streamed as a response that fails later',
      request: responses,
      headers: sse,
      body: created + delta + event('error', { code: 'server_error', message: 'oh', param: null }),
      verdict: 'server-error',
      complete: false,
      judgedAfter: created + delta,
    },
    {
      name: 'streamed as a response that is filtered',
      request: responses,
      headers: sse,
      body: delta + event('response.incomplete', { response: { status: 'incomplete', incomplete_details: { reason: 'content_filter' } } }),
      verdict: 'content-filter',
      complete: true,
      judgedAfter: delta,
    },
    {
      name: 'streamed as an image',
      request: { path: '/v1/images/generations' },
      headers: sse,
      body: event('image_generation.partial_image', { b64_json: 'AA' }) + event('image_generation.completed', { b64_json: 'AA' }),
      verdict: 'ok',
      complete: true,
      judgedAfter: event('image_generation.partial_image', { b64_json: 'AA' }),
    },
  ],
  codeOf: (refusal) => (refusal as { error: { code: unknown } }).error.code,
  breakOff: { headers: sse, begun: role + hello },
  speaks: ['chat', 'responses'].flatMap((api) =>
    [true, false].map((stream) => ({ kind: 'llm', api, model: 'gpt-5', stream, repeatable: true, stateful: false }) as const),
  ),
});
