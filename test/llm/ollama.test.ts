import { ollama } from '../../src/llm/ollama.ts';
import { json, keepsItsContract, ndjson } from './contract.ts';

const line = (content: string, extra: object = {}) =>
  `${JSON.stringify({ model: 'llama', message: { role: 'assistant', content }, done: false, ...extra })}\n`;
const end = line('', { done: true, done_reason: 'stop', prompt_eval_count: 26, eval_count: 290 });
const usage = { input: 26, output: 290, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
const call = { kind: 'llm', api: 'chat', model: 'llama', stream: true, repeatable: true, stateful: false } as const;

keepsItsContract({
  dialect: ollama,
  request: { method: 'POST', path: '/api/chat', headers: json },
  calls: [
    { name: 'of a chat, which streams unless told not to', body: '{"model":"llama"}', call },
    { name: 'of a chat in one piece', body: '{"model":"llama","stream":false}', call: { ...call, stream: false } },
    {
      name: 'of embeddings',
      request: { path: '/api/embed' },
      body: '{"model":"llama"}',
      call: { ...call, api: 'embed', stream: false, deterministic: true },
    },
    { name: 'with temperature 0', body: '{"model":"llama","options":{"temperature":0.0}}', call: { ...call, deterministic: true } },
    { name: 'with a temperature where none is read', body: '{"model":"llama","temperature":0}', call },
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
  answers: [
    { name: 'in one piece', body: end.trim(), verdict: 'ok', complete: true, usage },
    {
      name: '404 of a missing model',
      status: 404,
      body: '{"error":"model \\"x\\" not found, try pulling it first"}',
      verdict: 'model-unavailable',
      complete: true,
    },
    {
      name: 'streamed to its end',
      headers: ndjson,
      body: line('') + line('Hé') + line(' "done":true') + end,
      verdict: 'ok',
      complete: true,
      usage,
      meaningful: 3,
      judgedAfter: line('') + line('Hé'),
    },
    { name: 'streamed without its end', headers: ndjson, body: line('Hé'), verdict: 'network', complete: false, judgedAfter: line('Hé') },
    {
      name: 'streamed with an error behind content',
      headers: ndjson,
      body: `${line('Hé')}{"error":"out of memory"}\n`,
      verdict: 'server-error',
      complete: false,
      judgedAfter: line('Hé'),
    },
    {
      name: 'streamed as a torn line',
      headers: ndjson,
      body: '{"model":\n',
      verdict: 'server-error',
      complete: false,
      judgedAfter: '{"model":\n',
    },
  ],
  codeOf: (refusal) => (refusal as { code: unknown }).code,
  breakOff: { headers: ndjson, begun: line('Hé') },
  speaks: ['chat', 'generate'].flatMap((api) => [true, false].map((stream) => ({ ...call, api, stream }))),
});
