import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { generateText, streamText } from 'ai';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/core/error-codes.ts';
import { failure } from '../../src/core/failure.ts';
import { dialectFor } from '../../src/llm/dialects.ts';
import { http } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { textOf } from '../policies/kit.ts';
import { anthropicAt, ask } from './anthropic.ts';
import { throughSidecar, type Way } from './both-ways.ts';
import { contents, geminiAt } from './gemini.ts';
import { ollamaAt, talk } from './ollama.ts';
import { tell } from './told.ts';

const anthropicModel = ({ url }: Way) => createAnthropic({ apiKey: 'sk-ant-test', baseURL: `${url}/v1` })('claude-x');
const googleModel = ({ url }: Way) => createGoogle({ apiKey: 'key-test', baseURL: `${url}/v1beta` })('gemini-x');

async function joined<T>(stream: AsyncIterable<T>, textIn: (event: T) => string | undefined): Promise<string> {
  let text = '';
  for await (const event of stream) text += textIn(event) ?? '';
  return text;
}

const bySdk = (model: (way: Way) => Parameters<typeof generateText>[0]['model']) => ({
  say: async (way: Way) => (await generateText({ model: model(way), prompt: 'hello', maxOutputTokens: 99, maxRetries: 0 })).text,
  stream: async (way: Way) => {
    let failed: unknown;
    const onError = ({ error }: { error: unknown }) => {
      failed = error;
    };
    const text = await joined(
      streamText({ model: model(way), prompt: 'hello', maxOutputTokens: 99, maxRetries: 0, onError }).textStream,
      (piece) => piece,
    );
    if (failed instanceof Error) throw failed;
    return text;
  },
});

const anthropicErrors: Record<number, string> = { 423: 'APIError', 503: 'ServiceUnavailableError', 504: 'GatewayTimeoutError' };

/** What each client says of an answer, and the error that it throws for a refusal of that status. */
const clients = [
  {
    client: 'the Anthropic SDK',
    dialect: 'anthropic',
    say: async (way: Way) =>
      (await anthropicAt(way, { maxRetries: 0 }).messages.create(ask('hello'))).content
        .map((block) => block.type === 'text' && block.text)
        .join(),
    stream: (way: Way) => anthropicAt(way, { maxRetries: 0 }).messages.stream(ask('hello')).finalText(),
    refused: (status: number, code: string) => ({
      class: anthropicErrors[status],
      status,
      error: { error: { details: { error_code: code } } },
    }),
  },
  {
    client: 'the Google SDK',
    dialect: 'gemini',
    say: async (way: Way) => (await geminiAt(way).models.generateContent(contents('hello'))).text,
    stream: async (way: Way) => joined(await geminiAt(way).models.generateContentStream(contents('hello')), ({ text }) => text),
    refused: (status: number, code: string) => ({ class: 'ApiError', status, message: expect.stringContaining(`"code":"${code}"`) }),
  },
  {
    client: 'the Ollama client',
    dialect: 'ollama',
    say: async (way: Way) => (await ollamaAt(way).chat(talk('hello'))).message.content,
    stream: async (way: Way) => joined(await ollamaAt(way).chat({ ...talk('hello'), stream: true }), ({ message }) => message.content),
    refused: (status: number) => ({ class: 'ResponseError', status_code: status, error: expect.stringMatching(/.{9}/) }),
  },
  {
    client: "the AI SDK's provider for Anthropic",
    dialect: 'anthropic',
    ...bySdk(anthropicModel),
    refused: (status: number, code: string) => ({
      class: 'APICallError',
      statusCode: status,
      responseBody: expect.stringContaining(code),
    }),
  },
  {
    client: "the AI SDK's provider for Google",
    dialect: 'gemini',
    ...bySdk(googleModel),
    refused: (status: number, code: string) => ({
      class: 'APICallError',
      statusCode: status,
      responseBody: expect.stringContaining(code),
    }),
  },
] as const;

const down = answer(http(['HTTP/1.1 503 Service Unavailable', 'Content-Type: application/json', 'Content-Length: 2'], '{}'));

describe.each(clients)('$client', ({ dialect, say, stream, refused }) => {
  describe.each([
    ['in one piece', say],
    ['streamed', stream],
  ])('%s', (_, use) => {
    test.each([
      ['is configured', dialect],
      ['is left to be known by its requests', 'auto'],
    ])('takes the sentence of a degraded answer for an answer where its format %s', async (_how, configured) => {
      const degrade = { messages: { default: ['Back "soon" – ätsch.'] } };
      const way = await throughSidecar(await rawUpstream(down), configured, { degrade });
      expect(await tell(() => use(way))).toEqual({ value: 'Back "soon" – ätsch.' });
    });

    test('throws its own error where the circuit is open', async () => {
      const upstream = await rawUpstream(down);
      const way = await throughSidecar(upstream, dialect, { circuitBreaker: { failures: 1 } });
      expect(await tell(() => use(way))).toHaveProperty('error');
      expect(await tell(() => use(way))).toMatchObject({ error: refused(503, 'circuit_open') });
      expect(upstream.requests).toHaveLength(1);
    });

    test.each<[ErrorCode, number]>([
      ['agent_paused', 423],
      ['deadline_exceeded', 504],
    ])('throws its own error for %s', async (code, status) => {
      const refusal = dialectFor(dialect, { method: 'POST', path: '/', headers: [] }).refuse(failure(code, 'The reason why.'));
      const body = await textOf(refusal);
      const head = [`HTTP/1.1 ${status} ${refusal.statusText}`, 'Content-Type: application/json', `Content-Length: ${body.length}`];
      const told = await tell(async () => use(await rawUpstream(answer(http(head, body)))));
      expect(told).toMatchObject({ error: refused(status, code) });
      expect(JSON.stringify(told)).toContain('The reason why.');
    });
  });
});
