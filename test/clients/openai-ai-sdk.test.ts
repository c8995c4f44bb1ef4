import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, embedMany, generateText, jsonSchema, Output, RetryError, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, test } from 'vitest';
import { chunk, lastChunk } from '../kit/http-text.ts';
import type { Script } from '../kit/raw-upstream.ts';
import { bothWaysTo, type Run, sameBothWays, type Way } from './both-ways.ts';
import { chat, eventStream, responses } from './events.ts';
import { envelope } from './openai.ts';
import { withAndWithout } from './policies.ts';
import { drain } from './told.ts';

const text = 'Grüße aus Zürich – 你好, and quite a few words more, so that there are several chunks.';
const weather = { name: 'get_weather', arguments: '{"city":"Zürich"}', id: 'call_1' };
const shared = { ...envelope, usage: { ...envelope.usage, input_tokens: 3, output_tokens: 5 } };
const fixtures = [
  { match: { inputText: 'hello', endpoint: 'embedding' as const }, response: { embedding: [0.25, -0.5] } },
  { match: { toolCallId: 'call_1' }, response: { content: 'It is 7 degrees.', ...shared } },
  { match: { userMessage: 'weather', hasToolResult: false }, response: { toolCalls: [weather], ...shared } },
  { match: { userMessage: 'a city' }, response: { content: '{"city":"Zürich","people":450000}', ...shared } },
  { match: { userMessage: 'hello' }, response: { content: text, ...shared } },
  {
    match: { userMessage: 'long' },
    response: { error: { message: 'too long', type: 'invalid_request_error', code: 'context_length_exceeded' }, status: 400 },
  },
  {
    match: { userMessage: 'busy' },
    response: { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 0.01 },
  },
];

const provider = ({ url }: Way) => createOpenAI({ apiKey: 'sk-test', baseURL: `${url}/v1` });
const tools = {
  get_weather: tool({
    inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }),
    execute: ({ city }) => Promise.resolve({ city, degrees: 7 }),
  }),
};
const city = jsonSchema<{ city: string; people: number }>({
  type: 'object',
  properties: { city: { type: 'string' }, people: { type: 'number' } },
  required: ['city', 'people'],
  additionalProperties: false,
});

/** Sends the first bytes of an answer to every request and leaves. */
const cutAfter =
  (bytes: string): Script =>
  async (connection) => {
    if (!(await connection.request())?.whole) return;
    connection.send(bytes);
    connection.halfClose();
  };

const itemAdded = chunk(
  `data: ${JSON.stringify({
    ...{ type: 'response.output_item.added', sequence_number: 1, output_index: 0 },
    item: { type: 'message', id: 'item-1', status: 'in_progress', role: 'assistant', content: [] },
  })}\n\n`,
);

const interfaces = [
  {
    of: 'chat completions',
    model: (way: Way) => provider(way).chat('gpt-x'),
    path: '/v1/chat/completions',
    begun: eventStream + chat.role + chat.text('Hel'),
    rest: chat.error + lastChunk,
  },
  {
    of: 'responses',
    model: (way: Way) => provider(way)('gpt-x'),
    path: '/v1/responses',
    begun: eventStream + responses.created + itemAdded + responses.text('Hel'),
    rest: responses.failed + lastChunk,
  },
];

describe.each(withAndWithout)('the AI SDK gets through the sidecar what it gets directly, %s', (_, policy) => {
  const scenario = { dialect: 'openai', fixtures, policy };

  describe.each(interfaces)('by $of', ({ model, path, begun, rest }) => {
    const streamed = async (way: Way) =>
      drain(streamText({ model: model(way), prompt: 'hello', maxRetries: 0, onError: () => {} }).fullStream);

    test('a text', async () => {
      const { told, requests } = await sameBothWays({
        ...scenario,
        use: async (way) => {
          const answer = await generateText({ model: model(way), prompt: 'hello' });
          return { text: answer.text, reason: answer.finishReason, usage: answer.usage };
        },
      });
      expect(told).toMatchObject({ value: { text, reason: 'stop', usage: { totalTokens: 8 } } });
      expect(requests.map(({ startLine }) => startLine)).toEqual([`POST ${path} HTTP/1.1`]);
    });

    test('a stream', async () => {
      const { told } = await sameBothWays({
        ...scenario,
        use: async (way) => {
          const stream = streamText({ model: model(way), prompt: 'hello' });
          const { events } = await drain(stream.textStream);
          return { events, reason: await stream.finishReason, usage: await stream.usage };
        },
      });
      const { value } = told as { value: { events: string[] } };
      expect(value).toMatchObject({ reason: 'stop', usage: { totalTokens: 8 } });
      expect(value.events.length).toBeGreaterThan(2);
      expect(value.events.join('')).toBe(text);
    });

    test.each([
      ['in one piece', false],
      ['streamed', true],
    ])('a tool call and the answer to its result, %s', async (_how, stream) => {
      const { told, requests } = await sameBothWays({
        ...scenario,
        use: async (way) => {
          const asked = { model: model(way), prompt: 'weather', tools, stopWhen: stepCountIs(3) };
          const answer = stream ? streamText(asked) : await generateText(asked);
          const steps = await answer.steps;
          return {
            text: await answer.text,
            calls: steps.flatMap(({ toolCalls }) => toolCalls.map(({ toolName, input }) => ({ toolName, input }))),
          };
        },
      });
      expect(told).toMatchObject({ value: { text: 'It is 7 degrees.', calls: [{ toolName: 'get_weather', input: { city: 'Zürich' } }] } });
      expect(requests).toHaveLength(2);
    });

    test('an object by a schema', async () => {
      const { told, requests } = await sameBothWays({
        ...scenario,
        use: async (way) => (await generateText({ model: model(way), prompt: 'a city', output: Output.object({ schema: city }) })).output,
      });
      expect(told).toEqual({ value: { city: 'Zürich', people: 450000 } });
      expect(requests[0]!.body.toString()).toContain('json_schema');
    });

    test('an error that more tries do not help', async () => {
      const { told, requests } = await sameBothWays({
        ...scenario,
        use: (way) => generateText({ model: model(way), prompt: 'long' }).catch(factsOf),
      });
      expect(told).toMatchObject({ value: { name: 'AI_APICallError', statusCode: 400, isRetryable: false } });
      expect(JSON.stringify(told)).toContain('context_length_exceeded');
      expect(requests).toHaveLength(1);
    });

    test('the error by which a provider ends its stream', async () => {
      const { direct, through } = await bothWaysTo(cutAfter(begun + rest), { dialect: 'openai', policy, use: streamed });
      const upToError = ({ told }: Run) => partsOf(told).slice(0, partsOf(told).findIndex(({ type }) => type === 'error') + 1);
      expect(JSON.stringify(upToError(direct))).toMatch(/"Hel".*The server had an error/);
      expect(upToError(through)).toStrictEqual(upToError(direct));
    });

    test('every part of a stream that its provider leaves in the middle, and then an error', async () => {
      const { direct, through } = await bothWaysTo(cutAfter(begun), { dialect: 'openai', policy, use: streamed });
      expect(partsOf(direct.told).map(({ type }) => type)).not.toContain('error');
      expect(direct.told).toMatchObject({ value: { error: { name: 'AI_APICallError' } } });
      expect(JSON.stringify(partsOf(direct.told))).toContain('"Hel"');
      expect(partsOf(through.told).slice(0, -1)).toStrictEqual(partsOf(direct.told));
      expect(partsOf(through.told).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_unreachable', isRetryable: true } });
    });
  });

  test('embeddings', async () => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => (await embedMany({ model: provider(way).embedding('embed'), values: ['hello', 'hello again'] })).embeddings,
    });
    expect(told).toEqual({
      value: [
        [0.25, -0.5],
        [0.25, -0.5],
      ],
    });
  });
});

describe('the AI SDK fails through the sidecar as it fails directly', () => {
  test.each(interfaces)('by $of, after its own retries', async ({ model }) => {
    const { told, requests } = await sameBothWays({
      dialect: 'openai',
      fixtures,
      use: (way) => generateText({ model: model(way), prompt: 'busy', maxRetries: 1 }).catch(factsOf),
    });
    expect(told).toMatchObject({ value: { name: 'AI_RetryError', reason: 'maxRetriesExceeded', last: { statusCode: 429 } } });
    expect(requests).toHaveLength(2);
  });
});

/** What a program would look at in an error, without the address and the headers of the run. */
function factsOf(error: unknown): unknown {
  if (RetryError.isInstance(error))
    return { name: error.name, reason: error.reason, tries: error.errors.length, last: factsOf(error.lastError) };
  if (!APICallError.isInstance(error)) throw error;
  const { name, message, statusCode, isRetryable, data, responseBody } = error;
  return { name, message, statusCode, isRetryable, data, responseBody };
}

/** The parts of a full stream, without what the SDK tells of its own request. */
function partsOf(told: unknown): { type: string }[] {
  const { events } = (told as { value: { events: { type: string; request?: unknown }[] } }).value;
  return events.map((part) => ({ ...part, request: undefined }));
}
