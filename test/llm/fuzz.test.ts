import { expect, test } from 'vitest';
import type { Dialect, RequestFacts } from '../../src/core/dialect.ts';
import { anthropic } from '../../src/llm/anthropic.ts';
import { gemini } from '../../src/llm/gemini.ts';
import { mcp } from '../../src/llm/mcp.ts';
import { ollama } from '../../src/llm/ollama.ts';
import { openai } from '../../src/llm/openai.ts';
import { resources } from '../kit/resources.ts';

/** For each reader; in streams of this many. */
const events = 100_000;
const perStream = 100;
/** What a reader may keep of one stream, and what the machine's own bookkeeping comes to. */
const growthBytes = 8 * 1024 * 1024;

/** A sequence that is the same in each run: a fault that it finds is found again. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const words = ['error', 'delta', 'content', 'choices', 'usage', 'type', 'message_stop', 'response.completed', 'finish_reason', 'done'];
const more = ['candidates', 'finishReason', 'jsonrpc', 'id', 'result', 'isError', 'tool_calls', 'arguments', 'input_tokens', '[DONE]'];
const names = [...words, ...more];

/** A value with the names that readers look for, in places where they do not belong. */
function value(random: () => number, depth = 0): unknown {
  const pick = Math.floor(random() * (depth > 3 ? 6 : 8));
  const name = () => names[Math.floor(random() * names.length)] ?? '';
  switch (pick) {
    case 0:
      return null;
    case 1:
      return random() < 0.5;
    case 2:
      return Math.floor(random() * 1e9) * (random() < 0.2 ? -1 : 1);
    case 3:
      return random() * 1e-300;
    case 4:
      return name();
    case 5:
      return '\ud83d\ude00 \u2028 "\\ \n'.repeat(Math.floor(random() * 3));
    case 6:
      return Array.from({ length: Math.floor(random() * 4) }, () => value(random, depth + 1));
    default:
      return Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [name(), value(random, depth + 1)]));
  }
}

/** One event in the framing of a format, whole or cut, or noise in its place. */
function event(random: () => number, framing: string): Buffer {
  const json = JSON.stringify(value(random)) ?? 'null';
  const named = random() < 0.3 ? `event: ${names[Math.floor(random() * names.length)]}\n` : '';
  const text = framing === 'sse' ? `${named}data: ${json}\n\n` : `${json}${framing === 'array' ? ',' : '\n'}`;
  const bytes = Buffer.from(text);
  const kind = random();
  if (kind < 0.15) return bytes.subarray(0, Math.floor(random() * bytes.length));
  if (kind < 0.2) return Buffer.from(Array.from({ length: 20 }, () => Math.floor(random() * 256)));
  return bytes;
}

const post = (path: string): RequestFacts => ({ method: 'POST', path, headers: ['content-type', 'application/json'] });

test.each<[string, Dialect, RequestFacts, type: string, framing: string]>([
  ['chat completions', openai, post('/v1/chat/completions'), 'text/event-stream', 'sse'],
  ['legacy completions', openai, post('/v1/completions'), 'text/event-stream', 'sse'],
  ['responses', openai, post('/v1/responses'), 'text/event-stream', 'sse'],
  ['messages', anthropic, post('/v1/messages'), 'text/event-stream', 'sse'],
  ['Gemini as events', gemini, post('/v1beta/models/g:streamGenerateContent?alt=sse'), 'text/event-stream', 'sse'],
  ['Gemini as an array', gemini, post('/v1beta/models/g:streamGenerateContent'), 'application/json', 'array'],
  ['Ollama', ollama, post('/api/chat'), 'application/x-ndjson', 'ndjson'],
  ['MCP', mcp, post('/mcp'), 'text/event-stream', 'sse'],
])('100,000 random and cut events of %s are read without a throw and without growth', async (_, dialect, request, type, framing) => {
  const random = generator(0x0a7b1);
  const before = await resources();
  let judged = 0;
  for (let seen = 0; seen < events; seen += perStream) {
    const watcher = dialect.watch(request, 200, ['content-type', type]);
    if (framing === 'array') await watcher.push(Buffer.from('['));
    for (let at = 0; at < perStream; at += 1) await watcher.push(event(random, framing));
    const { verdict } = await watcher.end(random() < 0.5);
    if (typeof verdict === 'string') judged += 1;
  }
  expect(judged).toBe(events / perStream);
  expect((await resources()).heapBytes - before.heapBytes).toBeLessThan(growthBytes);
});

test.each<[string, Dialect, RequestFacts, type: string, framing: string]>([
  ['chat completions', openai, post('/v1/chat/completions'), 'text/event-stream', 'sse'],
  ['messages', anthropic, post('/v1/messages'), 'text/event-stream', 'sse'],
  ['Gemini as an array', gemini, post('/v1beta/models/g:streamGenerateContent'), 'application/json', 'array'],
  ['Ollama', ollama, post('/api/chat'), 'application/x-ndjson', 'ndjson'],
  ['MCP', mcp, post('/mcp'), 'text/event-stream', 'sse'],
])('a stream of %s that never ends a line does not grow in memory', async (_, dialect, request, type) => {
  const watcher = dialect.watch(request, 200, ['content-type', type]);
  const chunk = Buffer.alloc(64 * 1024, 'x');
  await watcher.push(Buffer.from('data: {"choices":[{"delta":{"content":"'));
  const before = await resources();
  for (let at = 0; at < 2000; at += 1) await watcher.push(chunk);
  expect((await resources()).heapBytes - before.heapBytes).toBeLessThan(growthBytes);
  await watcher.end(false);
});
