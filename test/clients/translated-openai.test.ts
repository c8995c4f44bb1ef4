import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { http, lastChunk } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { provider } from './both-ways.ts';
import { eventStream, messages } from './events.ts';
import { openaiAt, say } from './openai.ts';
import { drain } from './told.ts';
import { fallingBack } from './translated.ts';

const usage = { input_tokens: 3, output_tokens: 5 };
const text = 'Grüße aus Zürich – 你好, and quite a few words more, so that there are several chunks.';
const look = (id: string, city: string) => ({ id, name: 'look', arguments: JSON.stringify({ city }) });
const fixtures = [
  { match: { userMessage: 'hello' }, response: { content: text, id: 'msg_1', model: 'claude-y', usage } },
  { match: { toolCallId: 'call_2' }, response: { content: 'It is 7 degrees.' } },
  { match: { userMessage: 'weather', hasToolResult: false }, response: { toolCalls: [look('call_1', 'Zürich'), look('call_2', 'Bern')] } },
  { match: { userMessage: 'too much' }, response: { error: { message: 'Slow down', type: 'rate_limit_error' }, status: 429 } },
];
const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const tools: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: { name: 'look', parameters } }];

/** The SDK before a provider that has no time and one of Anthropic's format that answers. */
async function start(entry?: Record<string, unknown>) {
  const spare = await provider(fixtures);
  const way = await fallingBack('openai', spare, entry);
  return { spare, client: openaiAt(way, { maxRetries: 0 }) };
}

test('the OpenAI SDK gets a completion from a provider of messages, and the ledger tells how', async () => {
  const { client, spare } = await start();
  const messages = [{ role: 'developer' as const, content: 'Be brief.' }, ...say('hello').messages];
  const { data, response } = await client.chat.completions.create({ ...say('hello'), messages }).withResponse();
  expect(data).toMatchObject({
    object: 'chat.completion',
    choices: [{ message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 },
  });
  expect(response.headers.get('x-outrigger-attempts')).toMatch(
    /^home\/gpt-x;verdict=overloaded;ms=\d+, spare\/other-x;verdict=ok;ms=\d+;translated=anthropic;max-tokens=4096$/,
  );
  const [request] = spare.requests;
  expect(request!.startLine).toBe('POST /v1/messages HTTP/1.1');
  expect(request!.headerLines.join('\n')).not.toContain('sk-test');
  expect(request!.headerLines.join('\n').toLowerCase()).toContain('authorization: bearer spare-key');
  expect(JSON.parse(request!.body)).toEqual({
    model: 'other-x',
    max_tokens: 4096,
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [{ role: 'user', content: 'hello' }],
  });
});

test('the OpenAI SDK gets a stream with its usage', async () => {
  const { client } = await start();
  const stream = client.chat.completions.stream({ ...say('hello'), stream_options: { include_usage: true } });
  const { events } = await drain(stream);
  expect(events.length).toBeGreaterThan(4);
  const final = await stream.finalChatCompletion();
  expect(final).toMatchObject({ choices: [{ message: { content: text }, finish_reason: 'stop' }], usage: { total_tokens: 8 } });
});

test('the OpenAI SDK makes a round of two tools, at once and streamed, with every result in one message', async () => {
  const { client, spare } = await start({ model: 'other-x', maxTokens: 99 });
  const whole = await client.chat.completions.create({ ...say('weather'), tools });
  const streamed = await client.chat.completions.stream({ ...say('weather'), tools, tool_choice: 'required' }).finalChatCompletion();
  for (const { choices } of [whole, streamed]) {
    const [choice] = choices;
    expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ id: 'call_1' }, { id: 'call_2' }] } });
    const calls = choice!.message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(calls.map((call) => JSON.parse(call.function.arguments) as unknown)).toEqual([{ city: 'Zürich' }, { city: 'Bern' }]);
    const results = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: '{"degrees":7}' }));
    const turns = [...say('weather').messages, choice!.message, ...results];
    const answered = await client.chat.completions.create({ model: 'gpt-x', messages: turns as never, tools });
    expect(answered.choices[0]!.message.content).toBe('It is 7 degrees.');
  }
  const last = JSON.parse(spare.requests.at(-1)!.body) as { max_tokens: number; messages: { role: string; content: unknown[] }[] };
  expect(last.max_tokens).toBe(99);
  expect(last.messages.map(({ role, content }) => [role, content.length])).toEqual([
    ['user', 7],
    ['assistant', 2],
    ['user', 2],
  ]);
});

test('the OpenAI SDK sends an image', async () => {
  const { client, spare } = await start();
  const url = 'data:image/png;base64,iVBORw0KGgo=';
  const content = [
    { type: 'text' as const, text: 'hello' },
    { type: 'image_url' as const, image_url: { url } },
  ];
  const { choices } = await client.chat.completions.create({ model: 'gpt-x', messages: [{ role: 'user', content }] });
  expect(choices[0]!.message.content).toBe(text);
  const sent = JSON.parse(spare.requests[0]!.body) as unknown;
  expect(sent).toMatchObject({
    messages: [{ content: [{}, { source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }] }],
  });
});

test('a call that cannot be translated stays with its own provider, and the ledger tells why', async () => {
  const { client, spare } = await start();
  const refused = client.chat.completions.create({ ...say('hello'), response_format: { type: 'json_object' } });
  const error = (await refused.catch((thrown: unknown) => thrown)) as InstanceType<typeof OpenAI.APIError>;
  expect(error.status).toBe(503);
  expect(error.headers?.get('x-outrigger-attempts')).toContain('spare/other-x;skipped="no exact translation: response_format"');
  expect(spare.requests).toHaveLength(0);
});

test('an error of the other provider is the SDK’s own class of error', async () => {
  const { client } = await start();
  const error = (await client.chat.completions.create(say('too much')).catch((thrown: unknown) => thrown)) as Error;
  expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  expect(error.constructor.name).toBe('RateLimitError');
});

const begun = `${eventStream}${messages.start}${messages.block}${messages.text('Hel')}`;

test.each([
  ['is cut', begun, /upstream|terminated/i],
  ['ends without the mark of its end', begun + lastChunk, /upstream|broke off/i],
  ['tells an error', begun + messages.error + lastChunk, /Overloaded/],
])('a stream that %s is an error of the OpenAI SDK, after what came', async (_, bytes, message) => {
  const spare = await rawUpstream(async (connection) => {
    await connection.request();
    connection.send(bytes);
    connection.halfClose();
  });
  const client = openaiAt(await fallingBack('openai', spare), { maxRetries: 0 });
  const { events, error } = await drain(await client.chat.completions.create({ ...say('hello'), stream: true }));
  expect(JSON.stringify(events)).toContain('"Hel"');
  expect((error as Error).message).toMatch(message);
});

test('an agent that leaves a translated stream frees the provider at once', async () => {
  const spare = await rawUpstream(async (connection) => {
    await connection.request();
    connection.send(begun);
  });
  const client = openaiAt(await fallingBack('openai', spare), { maxRetries: 0 });
  for await (const { choices } of await client.chat.completions.create({ ...say('hello'), stream: true })) {
    if (choices[0]!.delta.content === 'Hel') break;
  }
  const connection = await spare.connection();
  expect(await connection.ended).toBeDefined();
});

test('an answer that cannot be told leads on, and the agent gets its own provider’s error', async () => {
  const thought = JSON.stringify({ content: [{ type: 'thinking', thinking: 'x', signature: 's' }], stop_reason: 'end_turn' });
  const head = ['HTTP/1.1 200 OK', 'Content-Type: application/json', `Content-Length: ${thought.length}`];
  const spare = await rawUpstream(answer(http(head, thought)));
  const client = openaiAt(await fallingBack('openai', spare), { maxRetries: 0 });
  const error = (await client.chat.completions.create(say('hello')).catch((thrown: unknown) => thrown)) as Error;
  expect(error).toMatchObject({ status: 503, message: expect.stringContaining('busy') as string });
});
