import type { CallCase } from '../cases.ts';
import { responses } from './openai-frames.ts';

/** Calls of OpenAI's interfaces. */
export const openaiCalls: readonly CallCase[] = [
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
  ...['"previous_response_id":"resp_1"', '"background":true', '"store":true'].map((member) => ({
    name: `of a response with ${member}`,
    request: responses,
    body: `{"model":"gpt-5",${member}}`,
    call: { kind: 'llm', api: 'responses', model: 'gpt-5', stream: false, repeatable: false, stateful: true } as const,
  })),
  {
    name: 'of a response that goes on with a conversation',
    request: responses,
    body: '{"model":"gpt-5","conversation":{"id":"conv_1"}}',
    call: { kind: 'llm', api: 'responses', model: 'gpt-5', stream: false, session: 'conv_1', repeatable: false, stateful: true },
  },
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
  {
    name: 'of a response that refers to what is stored there',
    request: responses,
    body: '{"model":"gpt-5","input":[{"type" : "item_reference","id":"msg_1"},{"role":"user","content":"on"}]}',
    call: { kind: 'llm', api: 'responses', model: 'gpt-5', stream: false, repeatable: true, stateful: true },
  },
  {
    name: 'of a response whose text quotes such a reference',
    request: responses,
    body: JSON.stringify({ model: 'gpt-5', input: [{ role: 'user', content: '{"type":"item_reference"} "item_reference"' }] }),
    call: { kind: 'llm', api: 'responses', model: 'gpt-5', stream: false, repeatable: true, stateful: false },
  },
  {
    name: 'of a response with a stored prompt',
    request: responses,
    body: '{"model":"gpt-5","prompt":{"id":"pmpt_1"}}',
    call: { kind: 'llm', api: 'responses', model: 'gpt-5', stream: false, repeatable: true, stateful: true },
  },
  {
    name: 'of a response for which the upstream calls tools itself',
    request: responses,
    body: '{"model":"gpt-5","tools":[{"type":"function","name":"mcp"},{"type":"mcp","server_url":"https://x"}]}',
    call: { kind: 'llm', api: 'responses', model: 'gpt-5', stream: false, repeatable: false, stateful: false },
  },
  {
    name: 'of a response with a function that is named like such tools',
    request: responses,
    body: '{"model":"gpt-5","tools":[{"type":"function","name":"mcp"}],"temperature":0}',
    call: { kind: 'llm', api: 'responses', model: 'gpt-5', stream: false, repeatable: true, stateful: false, deterministic: true },
  },
  {
    name: 'that compacts a conversation',
    request: { path: '/v1/responses/compact' },
    body: '{"model":"gpt-5","previous_response_id":"resp_1"}',
    call: { kind: 'llm', api: 'compact', model: 'gpt-5', stream: false, repeatable: false, stateful: true },
  },
  {
    name: 'of the old completions',
    request: { path: '/v1/completions' },
    body: '{"model":"davinci","prompt":"Once","stream":true,"temperature":0}',
    call: { kind: 'llm', api: 'completions', model: 'davinci', stream: true, repeatable: true, stateful: false, deterministic: true },
  },
  {
    name: 'of moderations',
    request: { path: '/v1/moderations' },
    body: '{"model":"omni-moderation","input":"hi"}',
    call: {
      kind: 'llm',
      api: 'moderations',
      model: 'omni-moderation',
      stream: false,
      repeatable: true,
      stateful: false,
      deterministic: true,
    },
  },
  {
    name: 'of audio in a form',
    request: { path: '/v1/audio/transcriptions', headers: ['Content-Type', 'multipart/form-data; boundary=x'] },
    body: '--x--',
    call: { kind: 'llm', api: 'audio', repeatable: false, stateful: false },
  },
  {
    name: 'that cancels a response',
    request: { path: '/v1/responses/resp_1/cancel' },
    body: '',
    call: { kind: 'other', repeatable: false, stateful: false },
  },
];
