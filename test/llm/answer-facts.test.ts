import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { AnswerFacts } from '../../src/core/answer-facts.ts';
import type { Dialect } from '../../src/core/dialect.ts';
import type { RawHeaders } from '../../src/core/headers.ts';
import { anthropic } from '../../src/llm/anthropic.ts';
import { gemini } from '../../src/llm/gemini.ts';
import { ollama } from '../../src/llm/ollama.ts';
import { openai } from '../../src/llm/openai.ts';
import { json, ndjson, sse } from './contract.ts';

const events = (...data: unknown[]) => data.map((one) => `data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`).join('');
const lines = (...data: unknown[]) => data.map((one) => `${JSON.stringify(one)}\n`).join('');
const chunk = (delta: object, finish: string | null = null, index = 0) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  model: 'gpt-5-2026',
  choices: [{ index, delta, finish_reason: finish }],
});
/** What tools say must not be taken for what the provider says. */
const misleading = '"finish_reason":"no","model":"no","id":"no"';
const called = { tool_calls: [{ index: 0, id: 'call_no', function: { name: 'f', arguments: misleading } }] };
const response = (status: string, more: object = {}) => ({
  id: 'resp_1',
  object: 'response',
  model: 'gpt-5-2026',
  status,
  output: [],
  ...more,
});
const cut = { incomplete_details: { reason: 'max_output_tokens' } };
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-5-2026', content: [{ type: 'text', text: misleading }] };
const text = (said: string) => ({ content: { role: 'model', parts: [{ text: said }] } });
const spoken = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: misleading } };
const gem = { responseId: 'r-1', modelVersion: 'gemini-3-2026' };
const line = (content: string, more: object = {}) => ({
  model: 'llama4:8b',
  message: { role: 'assistant', content },
  done: false,
  ...more,
});
const done = { done: true, done_reason: 'stop', eval_count: 1 };

const gpt = { model: 'gpt-5-2026', id: 'chatcmpl-1' };
const resp = { model: 'gpt-5-2026', id: 'resp_1' };
const claude = { model: 'claude-5-2026', id: 'msg_1', finishReasons: ['end_turn'] };
const google = { model: 'gemini-3-2026', id: 'r-1', finishReasons: ['STOP'] };

/** Name, format, path, headers, body, and what that says of itself. */
const cases: [string, Dialect, string, RawHeaders, string, AnswerFacts][] = [
  [
    'a chat',
    openai,
    '/v1/chat/completions',
    json,
    JSON.stringify({ ...gpt, choices: [{ message: called, finish_reason: 'tool_calls' }, { finish_reason: 'length' }] }),
    { ...gpt, finishReasons: ['tool_calls', 'length'] },
  ],
  [
    'a chat that names neither',
    openai,
    '/v1/chat/completions',
    json,
    JSON.stringify({ choices: [{ message: called, finish_reason: null }] }),
    { finishReasons: [] },
  ],
  [
    'a stream of a chat',
    openai,
    '/v1/chat/completions',
    sse,
    events(
      // As Azure begins.
      { id: '', model: '', choices: [], prompt_filter_results: [] },
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: misleading }),
      chunk(called),
      chunk({}, 'stop'),
      chunk({ content: 'b' }, null, 1),
      chunk({ content: 'c' }, 'length', 1),
      { ...chunk({}), choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } },
      '[DONE]',
    ),
    { ...gpt, finishReasons: ['stop', 'length'] },
  ],
  [
    'a stream written with blanks',
    openai,
    '/v1/chat/completions',
    sse,
    events(chunk({ content: 'a' })) +
      'data: {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n',
    { ...gpt, finishReasons: ['stop'] },
  ],
  ['a response', openai, '/v1/responses', json, JSON.stringify(response('completed')), { ...resp, finishReasons: ['completed'] }],
  [
    'a cut response',
    openai,
    '/v1/responses',
    json,
    JSON.stringify(response('incomplete', cut)),
    { ...resp, finishReasons: ['max_output_tokens'] },
  ],
  [
    'a stream of a response',
    openai,
    '/v1/responses',
    sse,
    events(
      { type: 'response.created', response: response('in_progress') },
      { type: 'response.output_text.delta', delta: misleading },
      { type: 'response.completed', response: response('completed') },
    ),
    { ...resp, finishReasons: ['completed'] },
  ],
  [
    'a stream of a cut response',
    openai,
    '/v1/responses',
    sse,
    events({ type: 'response.output_text.delta', delta: 'a' }, { type: 'response.incomplete', response: response('incomplete', cut) }),
    { ...resp, finishReasons: ['max_output_tokens'] },
  ],
  ['a message', anthropic, '/v1/messages', json, JSON.stringify({ ...message, stop_reason: 'end_turn' }), claude],
  [
    'a stream of a message',
    anthropic,
    '/v1/messages',
    sse,
    events(
      { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
      spoken,
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
      { type: 'message_stop' },
    ),
    claude,
  ],
  [
    'contents',
    gemini,
    '/v1beta/models/gemini-x:generateContent',
    json,
    JSON.stringify({ ...gem, candidates: [{ ...text(misleading), finishReason: 'STOP' }] }),
    google,
  ],
  [
    'a stream of contents',
    gemini,
    '/v1beta/models/gemini-x:streamGenerateContent?alt=sse',
    sse,
    events(
      { ...gem, candidates: [text('a')] },
      { ...gem, candidates: [text(misleading)] },
      { ...gem, candidates: [{ finishReason: 'STOP' }] },
    ),
    google,
  ],
  [
    'an array of contents',
    gemini,
    '/v1beta/models/gemini-x:streamGenerateContent',
    json,
    JSON.stringify([
      { ...gem, candidates: [text('a')] },
      { ...gem, candidates: [{ finishReason: 'STOP' }] },
    ]),
    google,
  ],
  ['an answer of Ollama', ollama, '/api/chat', json, JSON.stringify(line('a', done)), { model: 'llama4:8b', finishReasons: ['stop'] }],
  [
    'lines of Ollama',
    ollama,
    '/api/chat',
    ndjson,
    lines(line('a'), line(misleading), line('', { ...done, done_reason: 'length' })),
    { model: 'llama4:8b', finishReasons: ['length'] },
  ],
];

describe.each(cases)('what %s says of itself', (_name, dialect, path, headers, body, said) => {
  const request = { method: 'POST', path, headers: [] };

  it.each([1, 7, body.length])('is read, in pieces of %i bytes', async (size) => {
    const facts: AnswerFacts = { finishReasons: [] };
    const watcher = dialect.watch(request, 200, headers, facts);
    for (let at = 0; at < body.length; at += size) await watcher.push(Buffer.from(body.slice(at, at + size)));
    await watcher.end(true);
    expect(facts).toEqual(said);
  });

  it('is read of a compressed answer, too', async () => {
    const facts: AnswerFacts = { finishReasons: [] };
    const watcher = dialect.watch(request, 200, [...headers, 'content-encoding', 'gzip'], facts);
    await watcher.push(gzipSync(body));
    await watcher.end(true);
    expect(facts).toEqual(said);
  });

  it('changes nothing of how it is judged', async () => {
    const judge = async (facts?: AnswerFacts) => {
      const watcher = dialect.watch(request, 200, headers, facts);
      const pushed = await watcher.push(Buffer.from(body));
      return [pushed, watcher.meaningful, await watcher.end(true)];
    };
    expect(await judge({ finishReasons: [] })).toEqual(await judge());
  });
});
