import type { Dialect } from '../../src/core/dialect.ts';
import type { RawHeaders } from '../../src/core/headers.ts';
import { anthropic } from '../../src/llm/anthropic.ts';
import { gemini } from '../../src/llm/gemini.ts';
import { ollama } from '../../src/llm/ollama.ts';
import { openai } from '../../src/llm/openai.ts';
import { json, ndjson, sse } from './contract.ts';

const post = (path: string) => ({ method: 'POST', path, headers: [] });
export const chat = post('/v1/chat/completions');
const responses = post('/v1/responses');
const messages = post('/v1/messages');
const generate = post('/v1beta/models/gemini-x:generateContent');
const ollamaChat = post('/api/chat');
const ollamaGenerate = post('/api/generate');

const choice = { text: '', calls: [], other: false, cut: false };
const call = { ...choice, calls: [{ tool: 'f', arguments: { city: 'Rome' } }] };
const half = '{"city":';
const events = (...data: unknown[]) => data.map((one) => `data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`).join('');
const lines = (...data: unknown[]) => data.map((one) => `${JSON.stringify(one)}\n`).join('');
export const chatOf = (message: object, finish = 'stop') => JSON.stringify({ choices: [{ index: 0, message, finish_reason: finish }] });
const delta = (part: object, finish: string | null = null, index = 0) => ({ choices: [{ index, delta: part, finish_reason: finish }] });
const fn = (args: string, more: object = {}) => ({
  tool_calls: [{ index: 0, ...more, function: { ...(more && 'id' in more && { name: 'f' }), arguments: args } }],
});
const response = (output: object[], more: object = {}) => ({ object: 'response', status: 'completed', output, ...more });
const said = (text: string) => ({ type: 'message', content: [{ type: 'output_text', text }] });
const block = (index: number, content_block: object, ...deltas: object[]) => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((part) => ({ type: 'content_block_delta', index, delta: part })),
  { type: 'content_block_stop', index },
];
const candidate = (parts: object[], finishReason?: string) => ({
  candidates: [{ content: { role: 'model', parts }, ...(finishReason && { finishReason }) }],
});

/** Answers with what they say: name, format, request, headers, body, choices. */
export const answers: [string, Dialect, { method: string; path: string; headers: RawHeaders }, RawHeaders, string, object[]][] = [
  ['a chat', openai, chat, json, chatOf({ content: 'Rome' }), [{ ...choice, text: 'Rome' }]],
  ['a chat in parts', openai, chat, json, chatOf({ content: [{ type: 'text', text: 'Rome' }] }), [{ ...choice, text: 'Rome' }]],
  ['an empty chat', openai, chat, json, chatOf({ content: null }), [choice]],
  ['a chat that was cut', openai, chat, json, chatOf({ content: half }, 'length'), [{ ...choice, text: half, cut: true }]],
  ['a chat that refuses', openai, chat, json, chatOf({ content: null, refusal: 'No.' }), [{ ...choice, other: true }]],
  [
    'a chat that calls',
    openai,
    chat,
    json,
    chatOf({ tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"city":"Rome"}' } }] }),
    [call],
  ],
  [
    'a chat that calls without arguments',
    openai,
    chat,
    json,
    chatOf({ tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] }),
    [{ ...choice, calls: [{ tool: 'f', arguments: {} }] }],
  ],
  [
    'a chat that calls in free text',
    openai,
    chat,
    json,
    chatOf({ tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'c', input: 'x' } }] }),
    [{ ...choice, other: true }],
  ],
  [
    'a chat that calls badly',
    openai,
    chat,
    json,
    chatOf({ tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: half } }] }),
    [{ ...choice, calls: [{ tool: 'f', arguments: undefined }] }],
  ],
  [
    'a stream of a chat',
    openai,
    chat,
    sse,
    events(delta({ role: 'assistant', content: '' }), delta({ content: 'Ro' }), delta({ content: 'me' }), delta({}, 'stop'), '[DONE]'),
    [{ ...choice, text: 'Rome' }],
  ],
  [
    'a stream of two choices',
    openai,
    chat,
    sse,
    events(delta({ content: 'a' }, null, 1), delta({ content: 'b' }), '[DONE]'),
    [
      { ...choice, text: 'a' },
      { ...choice, text: 'b' },
    ],
  ],
  [
    'a stream that calls',
    openai,
    chat,
    sse,
    events(delta(fn('', { id: 'a' })), delta(fn('{"city"')), delta(fn(':"Rome"}')), delta({}, 'tool_calls'), '[DONE]'),
    [call],
  ],
  [
    'a response',
    openai,
    responses,
    json,
    JSON.stringify(response([{ type: 'reasoning' }, said('First.'), said('Rome')])),
    [{ ...choice, text: 'Rome' }],
  ],
  [
    'a response that calls',
    openai,
    responses,
    json,
    JSON.stringify(response([{ type: 'function_call', name: 'f', arguments: '{"city":"Rome"}' }])),
    [call],
  ],
  [
    'a response that was cut',
    openai,
    responses,
    json,
    JSON.stringify(response([said(half)], { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })),
    [{ ...choice, text: half, cut: true }],
  ],
  [
    'a stream of a response',
    openai,
    responses,
    sse,
    events(
      { type: 'response.created', response: response([]) },
      { type: 'response.output_text.delta', delta: 'Rome' },
      { type: 'response.completed', response: response([said('Rome')]) },
    ),
    [{ ...choice, text: 'Rome' }],
  ],
  [
    'a message',
    anthropic,
    messages,
    json,
    JSON.stringify({
      type: 'message',
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'text', text: 'Rome' },
      ],
      stop_reason: 'end_turn',
    }),
    [{ ...choice, text: 'Rome' }],
  ],
  ['an empty message', anthropic, messages, json, JSON.stringify({ type: 'message', content: [], stop_reason: 'end_turn' }), [choice]],
  [
    'a message that calls',
    anthropic,
    messages,
    json,
    JSON.stringify({ type: 'message', content: [{ type: 'tool_use', name: 'f', input: { city: 'Rome' } }], stop_reason: 'tool_use' }),
    [call],
  ],
  [
    'a message behind a search',
    anthropic,
    messages,
    json,
    JSON.stringify({
      type: 'message',
      content: [
        { type: 'text', text: 'I look.' },
        { type: 'server_tool_use', name: 'web_search', input: {} },
        { type: 'text', text: '{}' },
      ],
      stop_reason: 'max_tokens',
    }),
    [{ ...choice, text: '{}', other: true, cut: true }],
  ],
  [
    'a stream of a message',
    anthropic,
    messages,
    sse,
    events(
      { type: 'message_start', message: { content: [] } },
      ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'Ro' }, { type: 'text_delta', text: 'me' }),
      { type: 'message_delta', delta: { stop_reason: 'max_tokens' } },
      { type: 'message_stop' },
    ),
    [{ ...choice, text: 'Rome', cut: true }],
  ],
  [
    'a stream of a message that calls',
    anthropic,
    messages,
    sse,
    events(
      ...block(
        0,
        { type: 'tool_use', name: 'f', input: {} },
        { type: 'input_json_delta', partial_json: '{"city"' },
        { type: 'input_json_delta', partial_json: ':"Rome"}' },
      ),
    ),
    [call],
  ],
  [
    'a stream of a message that calls badly',
    anthropic,
    messages,
    sse,
    events(...block(0, { type: 'tool_use', name: 'f', input: {} }, { type: 'input_json_delta', partial_json: half })),
    [{ ...choice, calls: [{ tool: 'f', arguments: undefined }] }],
  ],
  [
    'a candidate',
    gemini,
    generate,
    json,
    JSON.stringify(candidate([{ text: 'hm', thought: true }, { text: 'Rome' }], 'MAX_TOKENS')),
    [{ ...choice, text: 'Rome', cut: true }],
  ],
  [
    'a candidate that calls',
    gemini,
    generate,
    json,
    JSON.stringify(candidate([{ functionCall: { name: 'f', args: { city: 'Rome' } } }])),
    [call],
  ],
  [
    'a stream of a candidate',
    gemini,
    generate,
    sse,
    events(candidate([{ text: 'Ro' }]), candidate([{ text: 'me' }], 'STOP')),
    [{ ...choice, text: 'Rome' }],
  ],
  [
    'a candidate as an array that grows',
    gemini,
    generate,
    json,
    JSON.stringify([candidate([{ text: 'Ro' }]), candidate([{ text: 'me' }], 'STOP')]),
    [{ ...choice, text: 'Rome' }],
  ],
  [
    'lines of a chat',
    ollama,
    ollamaChat,
    ndjson,
    lines({ message: { content: 'Ro' }, done: false }, { message: { content: 'me' }, done: true, done_reason: 'length' }),
    [{ ...choice, text: 'Rome', cut: true }],
  ],
  [
    'lines of a chat that calls',
    ollama,
    ollamaChat,
    ndjson,
    lines({ message: { content: '', tool_calls: [{ function: { name: 'f', arguments: { city: 'Rome' } } }] }, done: true }),
    [call],
  ],
  ['a generation', ollama, ollamaGenerate, json, JSON.stringify({ response: 'Rome', done: true }), [{ ...choice, text: 'Rome' }]],
  [
    'a model that was only loaded',
    ollama,
    ollamaGenerate,
    json,
    JSON.stringify({ response: '', done: true, done_reason: 'load' }),
    [{ ...choice, other: true }],
  ],
];
