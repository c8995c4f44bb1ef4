import type { FunctionDeclaration, GenerateContentResponse } from '@google/genai';
import { describe, expect, test } from 'vitest';
import { ok } from '../kit/http-text.ts';
import { answer } from '../kit/raw-upstream.ts';
import { bothWaysTo, expectSameRequests, sameBothWays } from './both-ways.ts';
import { bare, contents, envelope, geminiAt } from './gemini.ts';
import { withAndWithout } from './policies.ts';
import { drain } from './told.ts';

const text = 'Grüße aus Zürich – 你好, and quite a few words more, so that there are several chunks.';
const weather = { name: 'get_weather', arguments: '{"city":"Zürich","unit":"celsius"}', id: 'call_1' };
const fixtures = [
  { match: { userMessage: 'hello' }, response: { content: text, ...envelope } },
  { match: { userMessage: 'weather', hasToolResult: false }, response: { toolCalls: [weather], ...envelope } },
  { match: { hasToolResult: true }, response: { content: 'It is 7 degrees.', ...envelope } },
];
const declaration: FunctionDeclaration = {
  name: 'get_weather',
  parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } },
};
const config = { tools: [{ functionDeclarations: [declaration] }] };

const failing = (status: number) => ({
  dialect: 'gemini',
  fixtures: [{ match: { userMessage: 'hello' }, response: { error: { message: `failed with ${status}` }, status, retryAfter: 0.01 } }],
});

describe.each(withAndWithout)('the Google SDK gets through the sidecar what it gets directly, %s', (_, policy) => {
  const scenario = { dialect: 'gemini', fixtures, policy };

  test('an answer', async () => {
    const { told, requests } = await sameBothWays({
      ...scenario,
      use: async (way) => bare(await geminiAt(way).models.generateContent(contents('hello'))),
    });
    expect(told).toMatchObject({
      value: { candidates: [{ content: { parts: [{ text }] }, finishReason: 'STOP' }], usageMetadata: { totalTokenCount: 8 } },
    });
    expect(requests.map(({ startLine }) => startLine)).toEqual(['POST /v1beta/models/gemini-x:generateContent HTTP/1.1']);
  });

  test('a stream, event by event', async () => {
    const { told, requests } = await sameBothWays({
      ...scenario,
      use: async (way) => {
        const { events, error } = await drain(await geminiAt(way).models.generateContentStream(contents('hello')));
        return { events: (events as GenerateContentResponse[]).map(bare), error };
      },
    });
    const { events } = (told as { value: { events: GenerateContentResponse[] } }).value;
    expect(events.length).toBeGreaterThan(3);
    expect(events.map((event) => event.candidates?.[0]?.content?.parts?.[0]?.text ?? '').join('')).toBe(text);
    expect(requests[0]?.startLine).toBe('POST /v1beta/models/gemini-x:streamGenerateContent?alt=sse HTTP/1.1');
  });

  test('a function call, and the answer to its result', async () => {
    const { told, requests } = await sameBothWays({
      ...scenario,
      use: async (way) => {
        const { models } = geminiAt(way);
        const question = { role: 'user', parts: [{ text: 'weather' }] };
        const asked = await models.generateContent({ model: 'gemini-x', contents: [question], config });
        const result = { role: 'user', parts: [{ functionResponse: { name: 'get_weather', response: { degrees: 7 } } }] };
        const turns = [question, asked.candidates![0]!.content!, result];
        const answered = await models.generateContent({ model: 'gemini-x', contents: turns, config });
        return { calls: asked.functionCalls, text: answered.text };
      },
    });
    expect(told).toMatchObject({ value: { calls: [{ args: { city: 'Zürich', unit: 'celsius' } }], text: 'It is 7 degrees.' } });
    expect(requests).toHaveLength(2);
  });

  test('embeddings, by the version of the interface that it takes by itself', async () => {
    const { direct, through } = await bothWaysTo(answer(ok('{"embeddings":[{"values":[0.25,-0.5]}]}', 'Content-Type: application/json')), {
      dialect: 'gemini',
      policy,
      use: async (way) => bare(await geminiAt(way, { apiVersion: 'v1' }).models.embedContent({ model: 'embedding-x', contents: 'hello' })),
    });
    expect(through.told).toStrictEqual(direct.told);
    expect(direct.told).toMatchObject({ value: { embeddings: [{ values: [0.25, -0.5] }] } });
    expectSameRequests(through, direct);
    expect(through.upstream.requests[0]?.startLine).toBe('POST /v1/models/embedding-x:batchEmbedContents HTTP/1.1');
  });
});

describe('the Google SDK throws through the sidecar what it throws directly', () => {
  // It makes no retries of its own.
  test.each([400, 401, 403, 404, 429, 500, 503])('ApiError for %i, streamed or not', async (status) => {
    for (const stream of [false, true]) {
      const { told, requests } = await sameBothWays({
        ...failing(status),
        use: (way) => {
          const { models } = geminiAt(way);
          return stream ? models.generateContentStream(contents('hello')) : models.generateContent(contents('hello'));
        },
      });
      expect(told).toMatchObject({ error: { class: 'ApiError', status, message: expect.stringContaining(`failed with ${status}`) } });
      expect(requests).toHaveLength(1);
    }
  });
});
