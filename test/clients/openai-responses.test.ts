import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { lastChunk } from '../kit/http-text.ts';
import { answer } from '../kit/raw-upstream.ts';
import { bothWaysTo, sameBothWays } from './both-ways.ts';
import { eventStream, responses } from './events.ts';
import { envelope, openaiAt } from './openai.ts';
import { withAndWithout } from './policies.ts';
import { drain } from './told.ts';

const text = 'Grüße aus Zürich – 你好, and quite a few words more, so that there are several chunks.';
const usage = { input_tokens: 3, output_tokens: 5 };
const tool = { name: 'get_weather', arguments: '{"city":"Zürich"}', id: 'call_1' };
const fixtures = [
  { match: { userMessage: 'hello' }, response: { content: text, ...envelope, usage } },
  { match: { userMessage: 'weather' }, response: { toolCalls: [tool], ...envelope, usage } },
  {
    match: { userMessage: 'busy' },
    response: { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 0.01 },
  },
];
const call = (input: string) => ({ model: 'gpt-x', input });
const eventsOf = (told: unknown) => (told as { value: { events: OpenAI.Responses.ResponseStreamEvent[] } }).value.events;

describe.each(withAndWithout)("the OpenAI SDK's responses go through the sidecar as they go directly, %s", (_, policy) => {
  const scenario = { dialect: 'openai', fixtures, policy };

  test('a response', async () => {
    const { told, requests } = await sameBothWays({ ...scenario, use: (way) => openaiAt(way).responses.create(call('hello')) });
    expect(told).toMatchObject({ value: { status: 'completed', output_text: text, usage: { total_tokens: 8 } } });
    expect(requests).toHaveLength(1);
    expect(requests[0]!.startLine).toBe('POST /v1/responses HTTP/1.1');
  });

  test('a streamed response', async () => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => drain(await openaiAt(way).responses.create({ ...call('hello'), stream: true })),
    });
    const events = eventsOf(told);
    expect(events.flatMap((event) => (event.type === 'response.output_text.delta' ? event.delta : [])).join('')).toBe(text);
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { usage: { total_tokens: 8 } } });
  });

  test('a streamed tool call', async () => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => drain(await openaiAt(way).responses.create({ ...call('weather'), stream: true })),
    });
    expect(eventsOf(told)).toContainEqual(
      expect.objectContaining({ type: 'response.function_call_arguments.done', arguments: tool.arguments }),
    );
  });
});

describe("the OpenAI SDK's responses fail through the sidecar as they fail directly", () => {
  test('an error, after its own retries', async () => {
    const { told, requests } = await sameBothWays({
      dialect: 'openai',
      fixtures,
      use: (way) => openaiAt(way).responses.create(call('busy')),
    });
    expect(told).toMatchObject({ error: { class: 'RateLimitError', status: 429 } });
    expect(requests).toHaveLength(3);
  });

  // A stream that its provider ends by an error of its own is whole: nothing may be added to it.
  test('a streamed response that fails', async () => {
    const script = answer(eventStream + responses.created + responses.failed + lastChunk);
    const { direct, through } = await bothWaysTo(script, {
      dialect: 'openai',
      use: async (way) => drain(await openaiAt(way).responses.create({ ...call('hello'), stream: true })),
    });
    expect(eventsOf(direct.told).at(-1)).toMatchObject({ type: 'response.failed' });
    expect(through.told).toStrictEqual(direct.told);
  });
});
