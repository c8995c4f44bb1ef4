import { describe, expect, test } from 'vitest';
import { headerValue } from '../../../src/core/headers.ts';
import { chat, type Json, message, sent, translated, type Way } from './kit.ts';

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const pixel = 'iVBORw0KGgo=';

/** Requests that say the same in both formats: each is what the other is translated to. */
const pairs: [string, Json, Json][] = [
  [
    'a question with a system prompt',
    { max_completion_tokens: 9, messages: [{ role: 'system', content: [{ type: 'text', text: 'Be brief.' }] }, ...chat.messages] },
    { max_tokens: 9, system: [{ type: 'text', text: 'Be brief.' }], messages: message.messages },
  ],
  [
    'parameters of sampling and stops',
    { max_completion_tokens: 9, messages: chat.messages, temperature: 0.5, top_p: 0.9, stop: ['END', '###'], user: 'u1', stream: false },
    {
      ...{ max_tokens: 9, messages: message.messages, temperature: 0.5, top_p: 0.9, stop_sequences: ['END', '###'] },
      ...{ metadata: { user_id: 'u1' }, stream: false },
    },
  ],
  [
    'images, embedded and linked, in their place among the text',
    {
      max_completion_tokens: 9,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Which is red?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
            { type: 'text', text: 'or' },
            { type: 'image_url', image_url: { url: 'https://example.org/b.jpg' } },
          ],
        },
      ],
    },
    {
      max_tokens: 9,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Which is red?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
            { type: 'text', text: 'or' },
            { type: 'image', source: { type: 'url', url: 'https://example.org/b.jpg' } },
          ],
        },
      ],
    },
  ],
  [
    'a function, one call at a time',
    {
      max_completion_tokens: 9,
      messages: chat.messages,
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: schema, strict: true } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
      parallel_tool_calls: false,
    },
    {
      max_tokens: 9,
      messages: message.messages,
      tools: [{ name: 'look', description: 'Looks.', input_schema: schema, strict: true }],
      tool_choice: { type: 'tool', name: 'look', disable_parallel_tool_use: true },
    },
  ],
];

describe.each(pairs)('%s', (_, asChat, asMessages) => {
  test('is translated from chat completions to messages', () => {
    expect(sent(translated('to messages', { model: 'gpt-x', ...asChat }, { model: 'claude-x' }))).toEqual({
      model: 'claude-x',
      ...asMessages,
    });
  });

  test('is translated from messages to chat completions', () => {
    expect(sent(translated('to chat', { model: 'claude-x', ...asMessages }, { model: 'gpt-x' }))).toEqual({ model: 'gpt-x', ...asChat });
  });
});

describe('calls of tools and their results', () => {
  const asChat = [
    { role: 'user', content: 'Is it warm?' },
    {
      role: 'assistant',
      content: 'I will look.',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"city":"Zürich","id":12345678901234567890}' } },
        { id: 'call_2', type: 'function', function: { name: 'look', arguments: '{}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: '7' },
    { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'unknown' }] },
    { role: 'user', content: 'And?' },
  ];

  test('become blocks: consecutive results one message, arguments an object with every digit of its numbers', () => {
    const { request } = translated('to messages', { model: 'm', messages: asChat });
    const text = Buffer.from(request.body.bytes!).toString();
    expect(text).toContain('"input":{"city":"Zürich","id":12345678901234567890}');
    expect(JSON.parse(text)).toMatchObject({
      messages: [
        { role: 'user', content: 'Is it warm?' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I will look.' },
            { type: 'tool_use', id: 'call_1', name: 'look' },
            { type: 'tool_use', id: 'call_2', name: 'look', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call_1', content: '7' },
            { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'unknown' }] },
          ],
        },
        { role: 'user', content: 'And?' },
      ],
    });
  });

  test('come back as they were', () => {
    const there = translated('to messages', { model: 'm', messages: asChat });
    const back = translated('to chat', Buffer.from(there.request.body.bytes!).toString());
    const text = Buffer.from(back.request.body.bytes!).toString();
    expect(text).toContain('12345678901234567890');
    expect(JSON.parse(text)).toMatchObject({ messages: JSON.parse(JSON.stringify(asChat)) as Json[] });
  });

  test('of one message of the user with more to say become messages of the tool, and one of the user', () => {
    const content = [
      { type: 'tool_result', tool_use_id: 'a', content: 'x', is_error: false },
      { type: 'tool_result', tool_use_id: 'b' },
      { type: 'text', text: 'Go on.' },
    ];
    const calls = ['a', 'b'].map((id) => ({ type: 'tool_use', id, name: 'look', input: { n: 1 }, caller: { type: 'direct' } }));
    const messages = [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: calls },
      { role: 'user', content },
    ];
    const { messages: got } = sent(translated('to chat', { ...message, messages })) as { messages: Json[] };
    expect(got.slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: ['a', 'b'].map((id) => ({ id, type: 'function', function: { name: 'look', arguments: '{"n":1}' } })),
      },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
      { role: 'tool', tool_call_id: 'b', content: '' },
      { role: 'user', content: [{ type: 'text', text: 'Go on.' }] },
    ]);
  });
});

describe('what a format demands', () => {
  test('the limit of tokens is the entry’s where the caller gave none, and told', () => {
    const filled = translated('to messages', chat, { maxTokens: 512 });
    expect([sent(filled)['max_tokens'], filled.maxTokens]).toEqual([512, 512]);
    for (const limit of [{ max_tokens: 7 }, { max_completion_tokens: 7 }, { max_tokens: 7, max_completion_tokens: 7 }]) {
      const given = translated('to messages', { ...chat, ...limit }, { maxTokens: 512 });
      expect([sent(given)['max_tokens'], given.maxTokens]).toEqual([7, undefined]);
    }
  });

  test('a streamed message tells its token counts, so a chat is asked for them', () => {
    expect(sent(translated('to chat', { ...message, stream: true }))).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test.each<[Way, Json, string]>([
    ['to messages', { ...chat, stream: true }, '/v1/messages'],
    ['to chat', { ...message, stream: true }, '/v1/chat/completions'],
  ])('%s: it goes to the other interface, uncompressed and without any field of the provider', (way, asked, path) => {
    const headers = [
      'X-Api-Key',
      'secret',
      'Idempotency-Key',
      'k',
      'Accept-Encoding',
      'gzip',
      'User-Agent',
      'agent/1',
      'Content-Length',
      '3',
    ];
    const start = way === 'to messages' ? '/other/v7/chat/completions?key=secret' : '/v1/messages?beta=true';
    const { request, dialect } = translated(way, asked, { request: { path: start, headers } });
    expect(request.path).toBe(path);
    expect(request.headers.join()).not.toMatch(/secret|idempotency|gzip/i);
    expect(headerValue(request.headers, 'content-length')).toBe(String(request.body.bytes!.byteLength));
    expect(headerValue(request.headers, 'user-agent')).toBe('agent/1');
    expect(request.call()).toMatchObject({ kind: 'llm', model: asked['model'], stream: true, repeatable: true, stateful: false });
    expect(dialect.name).toBe(way === 'to messages' ? 'anthropic' : 'openai');
  });
});

test('fields that say what holds anyway, or change nothing of an answer, are no obstacle', () => {
  const defaults = {
    ...{
      n: 1,
      frequency_penalty: 0,
      presence_penalty: 0,
      logprobs: false,
      logit_bias: {},
      response_format: { type: 'text' },
      store: false,
    },
    ...{ metadata: {}, modalities: ['text'], service_tier: 'auto', seed: null, tools: [], tool_choice: 'auto', parallel_tool_calls: true },
    ...{ prompt_cache_key: 'k', prompt_cache_retention: '24h', safety_identifier: 's', stream_options: { include_obfuscation: false } },
  };
  expect(sent(translated('to messages', { ...chat, ...defaults }))).toEqual({
    ...chat,
    max_tokens: 4096,
    metadata: { user_id: 's' },
  });
  const others = {
    thinking: { type: 'disabled' },
    service_tier: 'auto',
    output_config: {},
    mcp_servers: [],
    cache_control: null,
    tools: [],
  };
  expect(sent(translated('to chat', { ...message, ...others }))).toEqual({ ...chat, model: 'claude-x', max_completion_tokens: 100 });
});

test('an answer that an SDK sends back with its empty fields is no obstacle', () => {
  const echo = { role: 'assistant', content: 'hi', refusal: null, annotations: [], audio: null, function_call: null };
  const messages = [...chat.messages, echo, ...chat.messages];
  expect(sent(translated('to messages', { ...chat, messages }))).toMatchObject({ messages: [{}, { content: [{ text: 'hi' }] }, {}] });
  const said = { role: 'assistant', content: [{ type: 'text', text: 'hi', citations: null }] };
  const turns = [...message.messages, said, ...message.messages];
  expect(sent(translated('to chat', { ...message, messages: turns }))).toMatchObject({ messages: [{}, { content: 'hi' }, {}] });
});

test('instructions of the system and of the developer at the beginning stand apart, in their order', () => {
  const messages = [
    { role: 'system', content: 'A' },
    { role: 'developer', content: 'B' },
    { role: 'system', content: '' },
    ...chat.messages,
  ];
  expect(sent(translated('to messages', { ...chat, messages }))['system']).toEqual([
    { type: 'text', text: 'A' },
    { type: 'text', text: 'B' },
  ]);
  const between = [...message.messages, { role: 'system', content: 'C' }, ...message.messages];
  expect(sent(translated('to chat', { ...message, system: 'A', messages: between }))['messages']).toEqual([
    { role: 'system', content: 'A' },
    ...between,
  ]);
});
