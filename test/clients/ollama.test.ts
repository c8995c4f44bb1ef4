import type { ChatResponse, Tool } from 'ollama';
import { describe, expect, test } from 'vitest';
import { sameBothWays } from './both-ways.ts';
import { ollamaAt, talk } from './ollama.ts';
import { withAndWithout } from './policies.ts';
import { drain } from './told.ts';

const text = 'Grüße aus Zürich – 你好, and quite a few words more, so that there are several chunks.';
const weather = { name: 'get_weather', arguments: '{"city":"Zürich","unit":"celsius"}' };
const fixtures = [
  { match: { inputText: 'hello', endpoint: 'embedding' as const }, response: { embedding: [0.25, -0.5] } },
  { match: { userMessage: 'hello' }, response: { content: text } },
  { match: { userMessage: 'weather', hasToolResult: false }, response: { toolCalls: [weather] } },
  { match: { hasToolResult: true }, response: { content: 'It is 7 degrees.' } },
];
const tools: Tool[] = [
  { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } },
];
/** It says when it answered. */
const timeless = (answer: ChatResponse) => ({ ...answer, created_at: undefined });

describe.each(withAndWithout)('the Ollama client gets through the sidecar what it gets directly, %s', (_, policy) => {
  const scenario = { dialect: 'ollama', fixtures, policy };

  test('an answer', async () => {
    const { told, requests } = await sameBothWays({ ...scenario, use: async (way) => timeless(await ollamaAt(way).chat(talk('hello'))) });
    expect(told).toMatchObject({ value: { message: { content: text }, done: true, done_reason: 'stop' } });
    expect(requests.map(({ startLine }) => startLine)).toEqual(['POST /api/chat HTTP/1.1']);
  });

  test('a stream, line by line', async () => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => {
        const { events, error } = await drain(await ollamaAt(way).chat({ ...talk('hello'), stream: true }));
        return { events: (events as ChatResponse[]).map(timeless), error };
      },
    });
    const { events } = (told as { value: { events: ChatResponse[] } }).value;
    expect(events.length).toBeGreaterThan(3);
    expect(events.map(({ message }) => message.content).join('')).toBe(text);
    expect(events.at(-1)).toMatchObject({ done: true });
  });

  test('text for a prompt', async () => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => (await ollamaAt(way).generate({ model: 'llama-x', prompt: 'hello' })).response,
    });
    expect(told).toEqual({ value: text });
  });

  test('a tool call, and the answer to its result', async () => {
    const { told, requests } = await sameBothWays({
      ...scenario,
      use: async (way) => {
        const client = ollamaAt(way);
        const { message } = await client.chat({ ...talk('weather'), tools });
        const result = { role: 'tool', tool_name: 'get_weather', content: '{"degrees":7}' };
        const answered = await client.chat({ ...talk('weather'), messages: [...talk('weather').messages, message, result], tools });
        return { calls: message.tool_calls, text: answered.message.content };
      },
    });
    expect(told).toMatchObject({ value: { calls: [{ function: { arguments: { city: 'Zürich' } } }], text: 'It is 7 degrees.' } });
    expect(requests).toHaveLength(2);
  });

  test('embeddings', async () => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => (await ollamaAt(way).embeddings({ model: 'embedding-x', prompt: 'hello' })).embedding,
    });
    expect(told).toEqual({ value: [0.25, -0.5] });
  });
});

describe('the Ollama client throws through the sidecar what it throws directly', () => {
  test.each([400, 404, 429, 500, 503])('ResponseError for %i, streamed or not', async (status) => {
    const response = { error: { message: `failed with ${status}` }, status, retryAfter: 0.01 };
    for (const stream of [false, true]) {
      const { told, requests } = await sameBothWays({
        dialect: 'ollama',
        fixtures: [{ match: { userMessage: 'hello' }, response }],
        use: (way) => (stream ? ollamaAt(way).chat({ ...talk('hello'), stream }) : ollamaAt(way).chat(talk('hello'))),
      });
      expect(told).toMatchObject({ error: { class: 'ResponseError', status_code: status } });
      expect(requests).toHaveLength(1);
    }
  });
});
