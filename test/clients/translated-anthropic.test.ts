import type Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import { lastChunk } from '../kit/http-text.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { anthropicAt, ask } from './anthropic.ts';
import { provider } from './both-ways.ts';
import { chat, eventStream } from './events.ts';
import { drain } from './told.ts';
import { fallingBack } from './translated.ts';

const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 };
const text = 'Grüße aus Zürich – 你好, and quite a few words more, so that there are several chunks.';
const look = (id: string, city: string) => ({ id, name: 'look', arguments: JSON.stringify({ city }) });
const fixtures = [
  { match: { userMessage: 'hello' }, response: { content: text, id: 'chatcmpl-1', model: 'gpt-y', usage } },
  { match: { toolCallId: 'call_2' }, response: { content: 'It is 7 degrees.' } },
  { match: { userMessage: 'weather', hasToolResult: false }, response: { toolCalls: [look('call_1', 'Zürich'), look('call_2', 'Bern')] } },
  {
    match: { userMessage: 'too much' },
    response: { error: { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' }, status: 429 },
  },
];
const tools: Anthropic.Tool[] = [{ name: 'look', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];

/** The SDK before a provider that has no time and one of OpenAI's format that answers. */
async function start() {
  const spare = await provider(fixtures);
  return { spare, client: anthropicAt(await fallingBack('anthropic', spare), { maxRetries: 0 }) };
}

test('the Anthropic SDK gets a message from a provider of chat completions, and the ledger tells how', async () => {
  const { client, spare } = await start();
  const { data, response } = await client.messages.create({ ...ask('hello'), system: 'Be brief.' }).withResponse();
  expect(data).toMatchObject({
    ...{ type: 'message', role: 'assistant', content: [{ type: 'text', text }], stop_reason: 'end_turn' },
    usage: { input_tokens: 3, output_tokens: 5 },
  });
  expect(response.headers.get('x-outrigger-attempts')).toMatch(/spare\/other-x;verdict=ok;ms=\d+;translated=openai$/);
  const [request] = spare.requests;
  expect(request!.startLine).toBe('POST /v1/chat/completions HTTP/1.1');
  expect(request!.headerLines.join('\n')).not.toContain('sk-ant-test');
  expect(JSON.parse(request!.body)).toEqual({
    model: 'other-x',
    max_completion_tokens: 100,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'hello' },
    ],
  });
});

test('the Anthropic SDK gets a stream with its usage', async () => {
  const { client } = await start();
  const stream = client.messages.stream(ask('hello'));
  const { events } = await drain(stream);
  expect(events.length).toBeGreaterThan(6);
  expect(await stream.finalMessage()).toMatchObject({
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 3, output_tokens: 5 },
  });
});

test('the Anthropic SDK makes a round of two tools, at once and streamed, with a message for each result', async () => {
  const { client, spare } = await start();
  const whole = await client.messages.create({ ...ask('weather'), tools });
  const streamed = await client.messages.stream({ ...ask('weather'), tools, tool_choice: { type: 'any' } }).finalMessage();
  for (const { content, stop_reason } of [whole, streamed]) {
    expect(stop_reason).toBe('tool_use');
    const calls = content.filter((block) => block.type === 'tool_use');
    expect(calls.map(({ id, input }) => [id, input])).toEqual([
      ['call_1', { city: 'Zürich' }],
      ['call_2', { city: 'Bern' }],
    ]);
    const results = calls.map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: '{"degrees":7}' }));
    const turns = [...ask('weather').messages, { role: 'assistant' as const, content }, { role: 'user' as const, content: results }];
    const answered = await client.messages.create({ ...ask('weather'), messages: turns as Anthropic.MessageParam[], tools });
    expect(answered.content).toMatchObject([{ type: 'text', text: 'It is 7 degrees.' }]);
  }
  const last = JSON.parse(spare.requests.at(-1)!.body) as { messages: { role: string }[] };
  expect(last.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool']);
});

test('the Anthropic SDK sends an image', async () => {
  const { client, spare } = await start();
  const source = { type: 'base64' as const, media_type: 'image/png' as const, data: 'iVBORw0KGgo=' };
  const content = [
    { type: 'text' as const, text: 'hello' },
    { type: 'image' as const, source },
  ];
  expect((await client.messages.create({ ...ask(''), messages: [{ role: 'user', content }] })).content).toMatchObject([{ text }]);
  const sent = JSON.parse(spare.requests[0]!.body) as unknown;
  expect(sent).toMatchObject({ messages: [{ content: [{}, { image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }] }] });
});

test.each([
  [{ thinking: { type: 'adaptive' as const } }, 'thinking'],
  [{ system: [{ type: 'text' as const, text: 'x', cache_control: { type: 'ephemeral' as const } }] }, 'system[0].cache_control'],
])('a call with %j stays with its own provider, and the ledger tells why', async (facts, reason) => {
  const { client, spare } = await start();
  const error = (await client.messages.create({ ...ask('hello'), ...facts }).catch((thrown: unknown) => thrown)) as { headers: Headers };
  expect(error).toMatchObject({ status: 503, type: 'overloaded_error' });
  expect(error.headers.get('x-outrigger-attempts')).toContain(`spare/other-x;skipped="no exact translation: ${reason}"`);
  expect(spare.requests).toHaveLength(0);
});

test('an error of the other provider is the SDK’s own class of error', async () => {
  const { client } = await start();
  const error = (await client.messages.create(ask('too much')).catch((thrown: unknown) => thrown)) as Error;
  expect(error).toMatchObject({ status: 429, type: 'rate_limit_error' });
  expect(error.constructor.name).toBe('RateLimitError');
});

const begun = `${eventStream}${chat.role}${chat.text('Hel')}`;

test.each([
  ['is cut', begun, /upstream|broke off/i],
  ['ends without the mark of its end', begun + lastChunk, /upstream|broke off/i],
  ['says that it is done and not why', begun + chat.done + lastChunk, /upstream|broke off/i],
  ['tells an error', begun + chat.error + lastChunk, /The server had an error/],
])('a stream that %s is an error of the Anthropic SDK, after what came', async (_, bytes, message) => {
  const spare = await rawUpstream(async (connection) => {
    await connection.request();
    connection.send(bytes);
    connection.halfClose();
  });
  const client = anthropicAt(await fallingBack('anthropic', spare), { maxRetries: 0 });
  const { events, error } = await drain(await client.messages.create({ ...ask('hello'), stream: true }));
  expect(JSON.stringify(events)).toContain('"Hel"');
  expect((error as Error).message).toMatch(message);
});
