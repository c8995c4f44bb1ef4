import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { sameBothWays } from './both-ways.ts';
import { envelope, openaiAt, say } from './openai.ts';
import { withAndWithout } from './policies.ts';
import { drain } from './told.ts';

const text = 'Grüße aus Zürich – 你好, and quite a few words more, so that there are several chunks.';
const weather = { name: 'get_weather', arguments: '{"city":"Zürich","unit":"celsius"}', id: 'call_1' };
const fixtures = [
  { match: { userMessage: 'slowly' }, response: { content: text, ...envelope }, latency: 10, chaos: { latencyMs: 50 } },
  { match: { userMessage: 'hello', endpoint: 'chat' as const }, response: { content: text, ...envelope } },
  { match: { toolCallId: 'call_1' }, response: { content: 'It is 7 degrees.', ...envelope } },
  { match: { userMessage: 'weather', hasToolResult: false }, response: { toolCalls: [weather], ...envelope } },
  { match: { inputText: 'hello', endpoint: 'embedding' as const }, response: { embedding: [0.25, -0.5] } },
];
const tools: OpenAI.ChatCompletionTool[] = [
  { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } },
];

describe.each(withAndWithout)('the OpenAI SDK gets through the sidecar what it gets directly, %s', (_, policy) => {
  const chats = { dialect: 'openai', fixtures, policy };

  test('a chat completion', async () => {
    const { told, requests } = await sameBothWays({
      ...chats,
      use: async (way) => {
        const { data, response } = await openaiAt(way).chat.completions.create(say('hello')).withResponse();
        return { data, status: response.status, headers: response.headers };
      },
    });
    expect(told).toMatchObject({
      value: { status: 200, data: { choices: [{ message: { content: text } }], usage: { total_tokens: 8 } } },
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]!.startLine).toBe('POST /v1/chat/completions HTTP/1.1');
  });

  test.each([
    ['at once', 'hello'],
    ['late and slowly', 'slowly'],
  ])('a streamed chat completion with usage, which comes %s', async (_pace, message) => {
    const { told } = await sameBothWays({
      ...chats,
      use: async (way) => {
        const parameters = { ...say(message), stream: true, stream_options: { include_usage: true } } as const;
        const { data, response } = await openaiAt(way).chat.completions.create(parameters).withResponse();
        return { ...(await drain(data)), status: response.status, headers: response.headers };
      },
    });
    const { events } = (told as { value: { events: OpenAI.ChatCompletionChunk[] } }).value;
    expect(events.length).toBeGreaterThan(6);
    expect(events.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(text);
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 8 } });
    expect(told).not.toHaveProperty('value.error');
  });

  test('a tool call, and the answer to its result', async () => {
    const { told, requests } = await sameBothWays({
      ...chats,
      use: async (way) => {
        const { completions } = openaiAt(way).chat;
        const asked = await completions.create({ ...say('weather'), tools });
        const { message } = asked.choices[0]!;
        const result = { role: 'tool' as const, tool_call_id: message.tool_calls![0]!.id, content: '{"degrees":7}' };
        const answered = await completions.create({ ...say('weather'), messages: [...say('weather').messages, message, result], tools });
        return { asked, answered };
      },
    });
    expect(told).toMatchObject({
      value: {
        asked: {
          choices: [{ finish_reason: 'tool_calls', message: { tool_calls: [{ id: 'call_1', function: { name: 'get_weather' } }] } }],
        },
        answered: { choices: [{ finish_reason: 'stop', message: { content: 'It is 7 degrees.' } }] },
      },
    });
    expect(requests).toHaveLength(2);
  });

  test('a streamed tool call', async () => {
    const { told } = await sameBothWays({
      ...chats,
      use: async (way) => {
        const stream = openaiAt(way).chat.completions.stream({ ...say('weather'), tools });
        const streamed = await drain(stream);
        return { ...streamed, final: await stream.finalChatCompletion() };
      },
    });
    expect(told).toMatchObject({
      value: { final: { choices: [{ message: { tool_calls: [{ function: { arguments: weather.arguments } }] } }] } },
    });
    const { events } = (told as { value: { events: OpenAI.ChatCompletionChunk[] } }).value;
    expect(events.filter(({ choices }) => choices[0]?.delta.tool_calls).length).toBeGreaterThan(2);
  });

  test('the list of models, page by page', async () => {
    const { told } = await sameBothWays({
      ...chats,
      use: async (way) => {
        const listed = await drain(await openaiAt(way).models.list());
        return listed.events;
      },
    });
    expect(told).toMatchObject({ value: expect.arrayContaining([expect.objectContaining({ id: 'gpt-4o' })]) });
  });

  test('embeddings', async () => {
    const { told } = await sameBothWays({
      ...chats,
      use: (way) => openaiAt(way).embeddings.create({ model: 'embed', input: 'hello', encoding_format: 'float' }),
    });
    expect(told).toMatchObject({ value: { data: [{ embedding: [0.25, -0.5] }] } });
  });

  test('many calls at a time', async () => {
    const { told, requests } = await sameBothWays({
      ...chats,
      use: async (way) => {
        const client = openaiAt(way);
        return Promise.all(Array.from({ length: 20 }, () => client.chat.completions.create(say('hello'))));
      },
    });
    expect(told).toMatchObject({ value: Array.from({ length: 20 }, () => ({ id: 'chatcmpl-1' })) });
    expect(requests).toHaveLength(20);
  });
});
