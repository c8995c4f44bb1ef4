import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { APICallError, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, test } from 'vitest';
import { chunk, lastChunk } from '../kit/http-text.ts';
import type { Script } from '../kit/raw-upstream.ts';
import { envelope as anthropicEnvelope } from './anthropic.ts';
import { bothWaysTo, expectSameRequests, type Run, sameBothWays, type Way } from './both-ways.ts';
import { eventStream, messages } from './events.ts';
import { envelope as geminiEnvelope } from './gemini.ts';
import { withAndWithout } from './policies.ts';
import { drain } from './told.ts';

const text = 'Grüße aus Zürich – 你好, and quite a few words more, so that there are several chunks.';
const weather = { name: 'get_weather', arguments: '{"city":"Zürich"}', id: 'toolu_1' };
const tools = {
  get_weather: tool({
    inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }),
    execute: ({ city }) => Promise.resolve({ city, degrees: 7 }),
  }),
};
const geminiEvent = (data: object) => chunk(`data: ${JSON.stringify(data)}\n\n`);

const providers = [
  {
    by: 'Anthropic',
    dialect: 'anthropic',
    envelope: anthropicEnvelope,
    finish: {},
    model: ({ url }: Way) => createAnthropic({ apiKey: 'sk-ant-test', baseURL: `${url}/v1` })('claude-x'),
    paths: { whole: '/v1/messages', stream: '/v1/messages' },
    begun: eventStream + messages.start + messages.block + messages.text('Hel'),
    failed: messages.error,
    message: 'Overloaded',
  },
  {
    by: 'Google',
    dialect: 'gemini',
    envelope: geminiEnvelope,
    // Google ends calls like words; the mocked one has a reason of its own.
    finish: { finishReason: 'stop' },
    model: ({ url }: Way) => createGoogle({ apiKey: 'key-test', baseURL: `${url}/v1beta` })('gemini-x'),
    paths: { whole: '/v1beta/models/gemini-x:generateContent', stream: '/v1beta/models/gemini-x:streamGenerateContent?alt=sse' },
    begun: eventStream + geminiEvent({ candidates: [{ content: { role: 'model', parts: [{ text: 'Hel' }] } }] }),
    failed: geminiEvent({ error: { code: 503, message: 'Overloaded', status: 'UNAVAILABLE' } }),
    message: 'Overloaded',
  },
];

/** What a program can tell an error of the SDK by; it keeps the address and the head of the reply, too. */
async function refusal(call: () => Promise<unknown>) {
  const error = await call().catch((thrown: unknown) => thrown);
  if (!APICallError.isInstance(error)) return error;
  return { class: error.constructor.name, statusCode: error.statusCode, responseBody: error.responseBody };
}

/** Sends this to every request and leaves at once. */
const cutAfter =
  (bytes: string): Script =>
  async (connection) => {
    if (!(await connection.request())?.whole) return;
    connection.send(bytes);
    connection.halfClose();
  };

describe.each(providers)("the AI SDK's provider for $by", ({ dialect, envelope, finish, model, paths, begun, failed, message }) => {
  const fixtures = [
    { match: { hasToolResult: true }, response: { content: 'It is 7 degrees.', ...envelope } },
    { match: { userMessage: 'weather', hasToolResult: false }, response: { toolCalls: [weather], ...envelope, ...finish } },
    { match: { userMessage: 'hello' }, response: { content: text, ...envelope } },
    {
      match: { userMessage: 'busy' },
      response: { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 0.01 },
    },
  ];
  const asked = (way: Way, prompt = 'hello') => ({ model: model(way), prompt, maxOutputTokens: 99, maxRetries: 0 });

  describe.each(withAndWithout)('gets through the sidecar what it gets directly, %s', (_, policy) => {
    const scenario = { dialect, fixtures, policy };

    test('a text', async () => {
      const { told, requests } = await sameBothWays({
        ...scenario,
        use: async (way) => {
          const answer = await generateText(asked(way));
          return { text: answer.text, reason: answer.finishReason, usage: answer.usage };
        },
      });
      expect(told).toMatchObject({ value: { text, reason: 'stop', usage: { totalTokens: 8 } } });
      expect(requests.map(({ startLine }) => startLine)).toEqual([`POST ${paths.whole} HTTP/1.1`]);
    });

    test('a stream', async () => {
      const { told, requests } = await sameBothWays({
        ...scenario,
        use: async (way) => {
          const stream = streamText(asked(way));
          const { events } = await drain(stream.textStream);
          return { events, reason: await stream.finishReason };
        },
      });
      const { value } = told as { value: { events: string[]; reason: string } };
      expect(value.reason).toBe('stop');
      expect(value.events.length).toBeGreaterThan(2);
      expect(value.events.join('')).toBe(text);
      expect(requests.map(({ startLine }) => startLine)).toEqual([`POST ${paths.stream} HTTP/1.1`]);
    });

    test.each([
      ['in one piece', false],
      ['streamed', true],
    ])('a tool call and the answer to its result, %s', async (_how, stream) => {
      const { told, requests } = await sameBothWays({
        ...scenario,
        use: async (way) => {
          const question = { ...asked(way, 'weather'), tools, stopWhen: stepCountIs(3) };
          const answer = stream ? streamText(question) : await generateText(question);
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
  });

  test('throws through the sidecar what it throws directly', async () => {
    const { told, requests } = await sameBothWays({ dialect, fixtures, use: (way) => refusal(() => generateText(asked(way, 'busy'))) });
    expect(told).toEqual({ value: { class: 'APICallError', statusCode: 429, responseBody: expect.stringContaining('slow down') } });
    expect(requests).toHaveLength(1);
  });

  describe('is told of a stream that breaks', () => {
    const use = async (way: Way) => {
      const { events, error } = await drain(streamText({ ...asked(way), onError: () => {} }).fullStream);
      const all = events as { type: string; text?: string; error?: unknown }[];
      return {
        text: all.map((event) => (event.type === 'text-delta' ? event.text : '')).join(''),
        error: all.find((event) => event.type === 'error')?.error ?? error,
      };
    };
    const outcome = ({ told }: Run) => (told as { value: { text: string; error?: unknown } }).value;

    test.each([
      ['it is cut', ''],
      ['it ends as HTTP wants it, but not as the format does', lastChunk],
    ])('where %s', async (_how, end) => {
      const { direct, through } = await bothWaysTo(cutAfter(begun + end), { dialect, use });
      expect(outcome(through).text).toBe('Hel');
      expect(JSON.stringify(outcome(through).error)).toMatch(/broke off/);
      expectSameRequests(through, direct);
    });

    test('where the provider tells an error in the middle: the same one both ways', async () => {
      const { direct, through } = await bothWaysTo(cutAfter(begun + failed + lastChunk), { dialect, use });
      expect(JSON.stringify(outcome(direct).error)).toContain(message);
      expect(outcome(through)).toStrictEqual(outcome(direct));
    });
  });
});
