import { ollama } from '../../src/llm/ollama.ts';
import { ollamaAnswers, said } from './contract/cases/ollama-answers.ts';
import { json, keepsItsContract, ndjson } from './contract.ts';

const call = { kind: 'llm', api: 'chat', model: 'llama', stream: true, repeatable: true, stateful: false } as const;
const hi = '"messages":[{"role":"user","content":"hi"}]';
const note = '[Note by the proxy Outrigger, not by the user: Same call: "x" — again.]';
const noted = { role: 'user', content: note };
const generate = { path: '/api/generate' };
const user = { role: 'user', content: 'Wie wärs?' };
const called = { role: 'assistant', content: '', tool_calls: [{ function: { name: 'a' } }, { function: { name: 'b' } }] };
const results = [
  { role: 'tool', tool_name: 'a', content: '1' },
  { role: 'tool', tool_name: 'b', content: '2' },
];
const messages = (...all: object[]) => JSON.stringify({ model: 'llama', messages: all });

keepsItsContract({
  dialect: ollama,
  request: { method: 'POST', path: '/api/chat', headers: json },
  calls: [
    { name: 'of a chat, which streams unless told not to', body: `{"model":"llama",${hi}}`, call },
    { name: 'of a chat in one piece', body: `{"model":"llama",${hi},"stream":false}`, call: { ...call, stream: false } },
    { name: 'whose body is not there', call: { kind: 'llm', api: 'chat', repeatable: false, stateful: false } },
    {
      name: 'of text',
      request: generate,
      body: '{"model":"llama","prompt":"a","stream":false}',
      call: { ...call, api: 'generate', stream: false },
    },
    {
      name: 'of embeddings',
      request: { path: '/api/embed' },
      body: '{"model":"llama"}',
      call: { ...call, api: 'embed', stream: false, deterministic: true },
    },
    {
      name: 'with temperature 0',
      body: `{"model":"llama",${hi},"options":{"temperature":0.0}}`,
      call: { ...call, deterministic: true },
    },
    { name: 'with a temperature where none is read', body: `{"model":"llama",${hi},"temperature":0}`, call },
    { name: 'that only loads the model for a chat', body: '{"model":"llama"}', call: { ...call, kind: 'other' } },
    { name: 'that only loads the model for no messages', body: '{"model":"llama","messages":[]}', call: { ...call, kind: 'other' } },
    {
      name: 'that only unloads the model',
      request: generate,
      body: '{"model":"llama","keep_alive":0,"stream":false}',
      call: { ...call, kind: 'other', api: 'generate', stream: false },
    },
    {
      name: 'that names no model',
      body: '{"text":"hi"}',
      call: { kind: 'llm', api: 'chat', stream: true, repeatable: false, stateful: false },
    },
    {
      name: 'that pulls a model',
      request: { path: '/api/pull' },
      body: '{"model":"llama"}',
      call: { kind: 'other', repeatable: false, stateful: false },
    },
  ],
  answers: ollamaAnswers,
  retargets: [
    { name: 'of a chat', body: `{"model":"llama",${hi}}`, model: 'qwen', becomes: { body: `{"model":"qwen",${hi}}` } },
    { name: 'that names it in two ways, as Go reads it', body: '{"model":"a","Model":"b"}', model: 'qwen', becomes: undefined },
    { name: 'that names none', body: '{}', model: 'qwen', becomes: undefined },
  ],
  hints: [
    { name: 'with one question', body: messages(user), becomes: { model: 'llama', messages: [user, noted] } },
    {
      name: 'with results, behind all of them',
      body: messages(user, called, ...results),
      becomes: { model: 'llama', messages: [user, called, ...results, noted] },
    },
    {
      name: 'with the beginning of the answer, before it',
      body: messages(user, called, ...results, { role: 'assistant', content: 'So' }),
      becomes: { model: 'llama', messages: [user, called, ...results, noted, { role: 'assistant', content: 'So' }] },
    },
    {
      name: 'with a prompt',
      request: generate,
      body: '{"model":"llama","prompt":"Wie \\"so\\""}',
      becomes: { model: 'llama', prompt: `Wie "so"\n\n${note}` },
    },
    { name: 'with a raw prompt', request: generate, body: '{"model":"llama","prompt":"a","raw":true}', becomes: undefined },
    { name: 'with a text to be filled in', request: generate, body: '{"model":"llama","prompt":"a","suffix":"b"}', becomes: undefined },
    { name: 'without a prompt', request: generate, body: '{"model":"llama"}', becomes: undefined },
    { name: 'without messages', body: '{"model":"llama"}', becomes: undefined },
    { name: 'of embeddings', request: { path: '/api/embed' }, body: '{"model":"llama","input":"a"}', becomes: undefined },
  ],
  codeOf: (refusal) => (refusal as { code: unknown }).code,
  breakOff: { headers: ndjson, begun: said('Hé') },
  speaks: ['chat', 'generate'].flatMap((api) => [true, false].map((stream) => ({ ...call, api, stream }))),
});
