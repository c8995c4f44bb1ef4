import type Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { anthropicAt, ask, envelope } from './anthropic.ts';
import { sameBothWays } from './both-ways.ts';
import { withAndWithout } from './policies.ts';
import { drain } from './told.ts';

const text = 'Grüße aus Zürich – 你好, and quite a few words more, so that there are several chunks.';
const weather = { name: 'get_weather', arguments: '{"city":"Zürich","unit":"celsius"}', id: 'toolu_1' };
const fixtures = [
  { match: { userMessage: 'hello' }, response: { content: text, ...envelope } },
  { match: { toolCallId: 'toolu_1' }, response: { content: 'It is 7 degrees.', ...envelope } },
  { match: { userMessage: 'weather', hasToolResult: false }, response: { toolCalls: [weather], ...envelope } },
];
const tools: Anthropic.Tool[] = [{ name: 'get_weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];

const failing = (status: number, type: string, retryAfter?: number) => ({
  dialect: 'anthropic',
  fixtures: [
    {
      match: { userMessage: 'hello' },
      response: { error: { message: `failed with ${status}`, type }, status, ...(retryAfter !== undefined && { retryAfter }) },
    },
  ],
});

describe.each(withAndWithout)('the Anthropic SDK gets through the sidecar what it gets directly, %s', (_, policy) => {
  const scenario = { dialect: 'anthropic', fixtures, policy };

  test('a message', async () => {
    const { told, requests } = await sameBothWays({
      ...scenario,
      use: async (way) => {
        const { data, response } = await anthropicAt(way).messages.create(ask('hello')).withResponse();
        return { data, status: response.status, headers: response.headers };
      },
    });
    expect(told).toMatchObject({
      value: { status: 200, data: { content: [{ text }], stop_reason: 'end_turn', usage: { output_tokens: 5 } } },
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]!.startLine).toBe('POST /v1/messages HTTP/1.1');
  });

  test('a streamed message, event by event', async () => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => drain(await anthropicAt(way).messages.create({ ...ask('hello'), stream: true })),
    });
    const { events } = (told as { value: { events: Anthropic.RawMessageStreamEvent[] } }).value;
    const deltas = events.flatMap((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : [],
    );
    expect(deltas.length).toBeGreaterThan(3);
    expect(deltas.join('')).toBe(text);
    expect(events.at(-1)).toStrictEqual({ type: 'message_stop' });
  });

  test('a streamed message that the SDK puts together', async () => {
    const { told } = await sameBothWays({ ...scenario, use: (way) => anthropicAt(way).messages.stream(ask('hello')).finalMessage() });
    expect(told).toMatchObject({ value: { content: [{ type: 'text', text }] } });
  });

  test('a tool use, and the answer to its result', async () => {
    const { told, requests } = await sameBothWays({
      ...scenario,
      use: async (way) => {
        const { messages } = anthropicAt(way);
        const asked = await messages.stream({ ...ask('weather'), tools }).finalMessage();
        const result = { type: 'tool_result' as const, tool_use_id: 'toolu_1', content: '{"degrees":7}' };
        const history = [...ask('weather').messages, { role: 'assistant' as const, content: asked.content }];
        const answered = await messages.create({ ...ask(''), messages: [...history, { role: 'user', content: [result] }], tools });
        return { asked, answered };
      },
    });
    expect(told).toMatchObject({
      value: {
        asked: { content: [{ type: 'tool_use', input: { city: 'Zürich', unit: 'celsius' } }], stop_reason: 'tool_use' },
        answered: { content: [{ text: 'It is 7 degrees.' }] },
      },
    });
    expect(requests).toHaveLength(2);
  });
});

describe('the Anthropic SDK throws through the sidecar what it throws directly', () => {
  test.each([
    ['BadRequestError', 400, 'invalid_request_error'],
    ['AuthenticationError', 401, 'authentication_error'],
    ['PermissionDeniedError', 403, 'permission_error'],
    ['NotFoundError', 404, 'not_found_error'],
  ])('%s, at once', async (name, status, type) => {
    const { told, requests } = await sameBothWays({
      ...failing(status, type),
      use: (way) => anthropicAt(way).messages.create(ask('hello')),
    });
    expect(told).toMatchObject({ error: { class: name, status, type, apiMessage: `failed with ${status}` } });
    expect(requests).toHaveLength(1);
  });

  test.each([
    ['OverloadedError', 529, 'overloaded_error'],
    ['InternalServerError', 500, 'api_error'],
  ])('%s, after its own retry, streamed or not', async (name, status, type) => {
    const use = (stream: boolean) =>
      sameBothWays({
        ...failing(status, type),
        use: (way) => anthropicAt(way, { maxRetries: 1 }).messages.create({ ...ask('hello'), stream }),
      });
    for (const { told, requests } of await Promise.all([use(false), use(true)])) {
      expect(told).toMatchObject({ error: { class: name, status, type } });
      expect(requests).toHaveLength(2);
    }
  });

  test('RateLimitError, after as many retries as it makes', async () => {
    const { told, requests } = await sameBothWays({
      ...failing(429, 'rate_limit_error', 0.01),
      use: (way) => anthropicAt(way).messages.create(ask('hello')),
    });
    expect(told).toMatchObject({ error: { class: 'RateLimitError', status: 429 } });
    expect(requests).toHaveLength(3);
  });
});
