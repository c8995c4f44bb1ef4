import type OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { chunk, http, lastChunk } from '../kit/http-text.ts';
import { answer } from '../kit/raw-upstream.ts';
import { bothWaysTo, sameBothWays } from './both-ways.ts';
import { chat, eventStream } from './events.ts';
import { envelope, openaiAt, say } from './openai.ts';
import { withAndWithout } from './policies.ts';
import { drain } from './told.ts';

const cityText = '{"city":"Zürich","people":450000}';
const city = z.object({ city: z.string(), people: z.number() });
const weather = { name: 'get_weather', arguments: '{"city":"Zürich"}', id: 'call_1' };
const shared = { ...envelope, usage: { ...envelope.usage, input_tokens: 3, output_tokens: 5 } };
const fixtures = [
  { match: { toolCallId: 'call_1' }, response: { content: 'It is 7 degrees.', ...shared } },
  { match: { userMessage: 'weather', hasToolResult: false }, response: { toolCalls: [weather], ...shared } },
  { match: { userMessage: 'a city' }, response: { content: cityText, ...shared } },
  { match: { inputText: 'hello', endpoint: 'embedding' as const }, response: { embedding: [0.25, -0.5] } },
];
const tools: OpenAI.Responses.FunctionTool[] = [
  { type: 'function', name: 'get_weather', strict: null, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
];

describe.each(withAndWithout)('the OpenAI SDK makes of answers through the sidecar what it makes of them directly, %s', (_, policy) => {
  const scenario = { dialect: 'openai', fixtures, policy };

  test('an object from a chat completion', async () => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => {
        const format = { ...say('a city'), response_format: zodResponseFormat(city, 'city') };
        return (await openaiAt(way).chat.completions.parse(format)).choices[0]?.message.parsed;
      },
    });
    expect(told).toEqual({ value: JSON.parse(cityText) });
  });

  test('an object from a streamed chat completion', async () => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => {
        const format = { ...say('a city'), response_format: zodResponseFormat(city, 'city') };
        return (await openaiAt(way).chat.completions.stream(format).finalChatCompletion()).choices[0]?.message.parsed;
      },
    });
    expect(told).toEqual({ value: JSON.parse(cityText) });
  });

  test.each(['parse', 'stream'] as const)('an object from a response, by %s', async (how) => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => {
        const { responses } = openaiAt(way);
        const asked = { model: 'gpt-x', input: 'a city', text: { format: zodTextFormat(city, 'city') } };
        const response = how === 'parse' ? await responses.parse(asked) : await responses.stream(asked).finalResponse();
        return response.output_parsed;
      },
    });
    expect(told).toEqual({ value: JSON.parse(cityText) });
  });

  test('a tool call of a response, and the answer to its result', async () => {
    const { told, requests } = await sameBothWays({
      ...scenario,
      use: async (way) => {
        const { responses } = openaiAt(way);
        const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: 'weather' }];
        const asked = await responses.create({ model: 'gpt-x', input, tools, store: false });
        const call = asked.output.find((item) => item.type === 'function_call')!;
        const result = { type: 'function_call_output' as const, call_id: call.call_id, output: '7' };
        const answered = await responses.create({
          model: 'gpt-x',
          input: [...input, { ...call, id: 'fc_1' }, result],
          tools,
          store: false,
        });
        return { name: call.name, text: answered.output_text };
      },
    });
    expect(told).toEqual({ value: { name: 'get_weather', text: 'It is 7 degrees.' } });
    expect(requests).toHaveLength(2);
  });

  test('embeddings in base64, as it asks for them by itself', async () => {
    const { told, requests } = await sameBothWays({
      ...scenario,
      use: async (way) => (await openaiAt(way).embeddings.create({ model: 'embed', input: 'hello' })).data[0]?.embedding,
    });
    expect(told).toEqual({ value: [0.25, -0.5] });
    expect(requests[0]!.body.toString()).toContain('base64');
  });

  test('moderations', async () => {
    const { told } = await sameBothWays({
      ...scenario,
      use: async (way) => (await openaiAt(way).moderations.create({ model: 'omni', input: 'hello' })).results,
    });
    expect(told).toMatchObject({ value: [{ flagged: false }] });
  });

  test('a refusal, streamed', async () => {
    const refusal = chunk(`data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [{ index: 0, delta: { refusal: 'No.' } }] })}\n\n`);
    const { direct, through } = await bothWaysTo(answer(eventStream + chat.role + refusal + chat.stop + chat.done + lastChunk), {
      dialect: 'openai',
      policy,
      use: async (way) => (await openaiAt(way).chat.completions.stream(say('hello')).finalChatCompletion()).choices[0]?.message,
    });
    expect(direct.told).toMatchObject({ value: { refusal: 'No.' } });
    expect(through.told).toStrictEqual(direct.told);
  });

  test.each([
    ['in one piece', false],
    ['streamed', true],
  ])('an old completion, %s', async (_how, stream) => {
    const choice = (said: string, reason: string | null) => ({ id: 'cmpl-1', choices: [{ index: 0, text: said, finish_reason: reason }] });
    const whole = JSON.stringify(choice('there was', 'stop'));
    const events = [choice('there', null), choice(' was', 'stop')].map((event) => chunk(`data: ${JSON.stringify(event)}\n\n`)).join('');
    const script = stream
      ? answer(eventStream + events + chat.done + lastChunk)
      : answer(http(['HTTP/1.1 200 OK', 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(whole)}`], whole));
    const { direct, through } = await bothWaysTo(script, {
      dialect: 'openai',
      policy,
      use: async (way) => {
        const { completions } = openaiAt(way);
        const asked = { model: 'gpt-x', prompt: 'Once' };
        return stream ? drain(await completions.create({ ...asked, stream: true })) : completions.create(asked);
      },
    });
    expect(JSON.stringify(direct.told)).toContain('was');
    expect(through.told).toStrictEqual(direct.told);
  });
});
