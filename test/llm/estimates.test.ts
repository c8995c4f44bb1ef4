import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/core/dialect.ts';
import { anthropic } from '../../src/llm/anthropic.ts';
import { gemini } from '../../src/llm/gemini.ts';
import { mcp } from '../../src/llm/mcp.ts';
import { ollama } from '../../src/llm/ollama.ts';
import { openai } from '../../src/llm/openai.ts';

const sse = ['content-type', 'text/event-stream'];
const json = ['content-type', 'application/json'];
const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

/** A request of 400 bytes: 100 tokens. */
const body = Buffer.from(`{"messages":[{"role":"user","content":"${''.padEnd(357, 'four ')}"}]}`);
const input = 100;

const words = 'The quick brown fox jumps over the lazy dog and runs through the wood until it is dark there and nobody can see it'.split(
  /(?= )/,
);
/** As many bytes a token as are assumed. */
const output = Math.ceil(words.join('').length / 4);

interface Answer {
  dialect: Dialect;
  path: string;
  headers?: string[];
  chunks: readonly string[];
  whole?: boolean;
  asked?: Uint8Array | undefined;
}

async function judge({ dialect, path, headers = sse, chunks, whole = false, asked = body }: Answer) {
  const watcher = dialect.watch({ method: 'POST', path, headers: json, body: { bytes: asked } }, 200, headers);
  for (const chunk of chunks) await watcher.push(Buffer.from(chunk));
  return watcher.end(whole);
}

const data = (value: object, type?: string) => `${type ? `event: ${type}\n` : ''}data: ${JSON.stringify(value)}\n\n`;

const chatChunk = (delta: object, finish_reason: string | null = null) =>
  data({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-x', choices: [{ index: 0, delta, finish_reason }] });
const chat = { dialect: openai, path: '/v1/chat/completions' };
const chatWords = [chatChunk({ role: 'assistant', content: '' }), ...words.map((content) => chatChunk({ content }))];
const chatEnd = [chatChunk({}, 'stop'), 'data: [DONE]\n\n'];

const delta = (text: string) => data({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }, 'content_block_delta');
const messages = { dialect: anthropic, path: '/v1/messages' };
const messageStart = data({ type: 'message_start', message: { usage: { input_tokens: 25, output_tokens: 1 } } }, 'message_start');

const part = (text: string, usageMetadata: object) => data({ candidates: [{ content: { parts: [{ text }] } }], usageMetadata });

describe('a stream without token counts', () => {
  it('is estimated by its text, within three tokens, and by its request', async () => {
    const { usage, estimated } = await judge({ ...chat, chunks: [...chatWords, ...chatEnd], whole: true });
    expect(usage).toBeUndefined();
    expect(estimated).toMatchObject({ ...none, input, output: expect.any(Number) });
    expect(Math.abs(estimated!.output - output)).toBeLessThanOrEqual(3);
  });

  it('counts one token an event at least', async () => {
    const chunks = Array.from({ length: 40 }, () => chatChunk({ content: 'a' }));
    expect((await judge({ ...chat, chunks })).estimated).toEqual({ ...none, input, output: 40 });
  });

  it('counts events that were padded by their text', async () => {
    const chunks = Array.from({ length: 64 }, (_, i) =>
      chatChunk({ content: ' eight b' }).replace(/}\n/, `,"obfuscation":"${'x'.repeat((i * 7) % 16)}"}\n`),
    );
    const { estimated } = await judge({ ...chat, chunks });
    expect(estimated!.output).toBeGreaterThan(96);
    expect(estimated!.output).toBeLessThan(160);
  });

  it('counts a few long events as it does many short ones', async () => {
    const long = 'word '.repeat(200);
    const { estimated } = await judge({ ...chat, chunks: [chatChunk({ content: long }), chatChunk({ content: long })] });
    expect(estimated!.output).toBe(500);
  });

  it('of images costs its request alone', async () => {
    const image = (size: number) => data({ type: 'image_generation.partial_image', b64_json: 'x'.repeat(size) });
    const { estimated } = await judge({ dialect: openai, path: '/v1/images/generations', chunks: [10, 5000, 90_000].map(image) });
    expect(estimated).toEqual({ ...none, input });
  });

  it('costs nothing where it is an error from its start, or has not begun', async () => {
    const error = data({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'error');
    expect((await judge({ ...messages, chunks: [error] })).estimated).toBeUndefined();
    expect((await judge({ ...chat, chunks: [] })).estimated).toBeUndefined();
  });

  it('of a tool server costs nothing', async () => {
    const chunks = [data({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: words.join('') }] } })];
    expect((await judge({ dialect: mcp, path: '/mcp', chunks, whole: true })).estimated).toBeUndefined();
  });
});

describe('a stream that broke off', () => {
  it('keeps what was reported before, and estimates what came behind', async () => {
    const { usage, estimated } = await judge({ ...messages, chunks: [messageStart, ...words.map(delta)] });
    expect(usage).toEqual({ ...none, input: 25, output: 1 });
    expect(estimated).toMatchObject({ ...none, input: 0, output: expect.any(Number) });
    expect(Math.abs(estimated!.output - output)).toBeLessThanOrEqual(2);
  });

  it('behind its last count is not estimated', async () => {
    const counts = data({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 23 } }, 'message_delta');
    const { usage, estimated } = await judge({ ...messages, chunks: [messageStart, ...words.map(delta), counts] });
    expect(usage).toEqual({ ...none, input: 25, output: 23 });
    expect(estimated).toBeUndefined();
  });

  it('of Gemini has the counts of its last event', async () => {
    const chunks = words.map((text, i) => part(text, { promptTokenCount: 7, candidatesTokenCount: i + 1, totalTokenCount: i + 8 }));
    const { usage, estimated } = await judge({ dialect: gemini, path: '/v1beta/models/g:streamGenerateContent', chunks });
    expect(usage).toEqual({ ...none, input: 7, output: words.length });
    expect(estimated).toBeUndefined();
  });

  it('of Ollama is estimated by its lines', async () => {
    const chunks = words.map((content) => `${JSON.stringify({ model: 'm', message: { role: 'assistant', content }, done: false })}\n`);
    const headers = ['content-type', 'application/x-ndjson'];
    const { estimated } = await judge({ dialect: ollama, path: '/api/chat', headers, chunks });
    expect(estimated!.input).toBe(input);
    expect(Math.abs(estimated!.output - output)).toBeLessThanOrEqual(2);
  });
});

describe('an answer in one piece', () => {
  const answer = (content: string, more = {}) => JSON.stringify({ choices: [{ message: { role: 'assistant', content } }], ...more });
  const ask = (text: string, whole: boolean, asked?: Uint8Array) =>
    judge({ ...chat, headers: json, chunks: [text], whole, ...(asked && { asked }) });

  it('without token counts is estimated by its text', async () => {
    expect((await ask(answer('x y '.repeat(100)), true)).estimated).toEqual({ ...none, input, output: 100 });
  });

  it('that was cut is estimated by the text that came', async () => {
    const text = answer('x y '.repeat(100));
    expect((await ask(text.slice(0, text.indexOf('x y') + 40), false)).estimated).toEqual({ ...none, input, output: 10 });
  });

  it('that is too long to be kept and was cut is estimated by the share of text in its first piece', async () => {
    const text = answer('x y '.repeat(50_000));
    const { estimated } = await judge({ ...chat, headers: json, chunks: text.match(/.{1,16384}/gs)!.slice(0, -1) });
    expect(estimated!.output).toBeGreaterThan(48_000);
    expect(estimated!.output).toBeLessThan(50_100);
  });

  it('with token counts is not estimated', async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 4 };
    const judgement = await ask(answer('hello', { usage }), true);
    expect(judgement.usage).toEqual({ ...none, input: 3, output: 4 });
    expect(judgement.estimated).toBeUndefined();
  });

  it('without text, such as embeddings, costs nothing that is not reported', async () => {
    expect((await ask('{"data":[{"embedding":[0.1,0.2]}]}', true)).estimated).toBeUndefined();
    expect((await ask('{"error":{"message":"no"}}', true)).estimated).toBeUndefined();
  });

  it('of a request that was not kept costs its output alone', async () => {
    const watcher = openai.watch({ method: 'POST', path: chat.path, headers: json, body: { bytes: undefined } }, 200, json);
    await watcher.push(Buffer.from(answer('x y '.repeat(10))));
    expect((await watcher.end(true)).estimated).toEqual({ ...none, output: 10 });
  });
});
