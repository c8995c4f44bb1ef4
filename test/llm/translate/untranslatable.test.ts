import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gemini } from '../../../src/llm/gemini.ts';
import { openai } from '../../../src/llm/openai.ts';
import { translate } from '../../../src/llm/translate/translate.ts';
import { body, post } from '../../policies/kit.ts';
import { chat, type Json, message, translation } from './kit.ts';

const user = { role: 'user', content: 'hi' };
const called = (call: Json = {}, fn: Json = {}) => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}', ...fn }, ...call }],
});
const result = { role: 'tool', tool_call_id: 'c1', content: 'x' };
const userParts = (...content: Json[]) => ({ messages: [{ role: 'user', content }] });
const fn = (facts: Json) => ({ tools: [{ type: 'function', function: { name: 'f', ...facts } }] });

describe('a chat is told to have no counterpart as messages for', () => {
  test.each<[Json, string]>([
    ...Object.entries({
      ...{ n: 2, seed: 7, logprobs: true, top_logprobs: 3, logit_bias: { 50256: -100 }, frequency_penalty: 0.1, presence_penalty: 0.1 },
      ...{
        response_format: { type: 'json_object' },
        audio: { voice: 'a' },
        modalities: ['text', 'audio'],
        prediction: { type: 'content' },
      },
      ...{ store: true, metadata: { a: 'b' }, reasoning_effort: 'low', verbosity: 'low', web_search_options: {}, functions: [] },
      ...{ function_call: 'auto', service_tier: 'flex', some_new_field: 1, top_k: 4, temperature: '1' },
    }).map(([name, value]): [Json, string] => [{ [name]: value }, name]),
    [{ temperature: 1.01 }, 'temperature above 1'],
    [{ max_tokens: 1, max_completion_tokens: 2 }, 'max_tokens differs from max_completion_tokens'],
    [{ stop: ['\n\n'] }, 'stop is blank'],
    [{ stream_options: { new_option: 1 } }, 'stream_options.new_option'],
    [{ messages: [user, { role: 'system', content: 'x' }, user] }, 'messages[1] is a system message behind the first turn'],
    [{ messages: [{ role: 'assistant', content: 'x' }, user] }, "messages[0] is the assistant's and the first turn"],
    [{ messages: [user, { role: 'assistant', content: 'x' }] }, 'messages end with one of the assistant'],
    [{ messages: [{ role: 'system', content: 'x' }] }, 'messages have no turn'],
    [{ messages: [{ ...user, name: 'Ann' }] }, 'messages[0].name'],
    [{ messages: [{ role: 'user', content: ' ' }] }, 'messages[0].content is blank'],
    [{ messages: [user, { role: 'assistant', content: 'x', refusal: 'no' }, user] }, 'messages[1].refusal'],
    [{ messages: [user, { role: 'assistant', content: 'x', reasoning_content: 'y' }, user] }, 'messages[1].reasoning_content'],
    [{ messages: [user, { role: 'assistant', content: 'x', annotations: [{}] }, user] }, 'messages[1].annotations'],
    [{ messages: [user, { role: 'function', name: 'f', content: 'x' }] }, 'messages[1].role function'],
    [{ messages: [user, called(), user] }, 'messages[2] stands before the result of a tool call'],
    [{ messages: [user, called()] }, 'messages end before the result of a tool call'],
    [{ messages: [user, result] }, 'messages[1].tool_call_id answers no call of the message before'],
    [{ messages: [user, called(), result, result] }, 'messages[3].tool_call_id answers no call of the message before'],
    [{ messages: [user, called({}, { arguments: '[1]' }), result] }, 'messages[1].tool_calls[0].function.arguments is no JSON object'],
    [{ messages: [user, called({}, { arguments: '{"a":' }), result] }, 'messages[1].tool_calls[0].function.arguments is no JSON object'],
    [{ messages: [user, called({ type: 'custom' }), result] }, 'messages[1].tool_calls[0].type'],
    [{ messages: [user, called({ id: 'a:0' }), result] }, 'messages[1].tool_calls[0].id has other characters'],
    [userParts({ type: 'input_audio', input_audio: {} }), 'messages[0].content[0].type input_audio'],
    [userParts({ type: 'file', file: {} }), 'messages[0].content[0].type file'],
    [userParts({ type: 'text', text: 'x', cached: true }), 'messages[0].content[0].cached'],
    [userParts({ type: 'image_url', image_url: { url: 'https://x/y', detail: 'low' } }), 'messages[0].content[0].image_url.detail'],
    [
      userParts({ type: 'image_url', image_url: { url: 'data:image/tiff;base64,AA==' } }),
      'messages[0].content[0].image_url.url is neither',
    ],
    [{ tools: [{ type: 'custom', custom: {} }] }, 'tools[0].type'],
    [fn({ parameters: { anyOf: [] } }), 'tools[0].function.parameters are no schema of an object'],
    [fn({ examples: [] }), 'tools[0].function.examples'],
    [{ tool_choice: 'required' }, 'tool_choice without tools'],
    [{ ...fn({}), tool_choice: { type: 'allowed_tools', allowed_tools: {} } }, 'tool_choice.type'],
  ])('%j', (facts, reason) => {
    expect(translation('to messages', { ...chat, ...facts })).toContain(reason);
  });
});

const turn = (...content: Json[]) => ({ messages: [user, { role: 'assistant', content }, user] });
const text = { type: 'text', text: 'x' };
const toolUse = { type: 'tool_use', id: 't', name: 'f', input: {} };
const toolResult = { type: 'tool_result', tool_use_id: 't', content: 'x' };

describe('a message is told to have no counterpart as a chat for', () => {
  test.each<[Json, string]>([
    ...Object.entries({
      ...{
        thinking: { type: 'adaptive' },
        top_k: 4,
        container: 'c',
        context_management: {},
        mcp_servers: [{}],
        service_tier: 'standard_only',
      },
      ...{
        cache_control: { type: 'ephemeral' },
        output_config: { effort: 'low' },
        thread: {},
        speed: 'fast',
        inference_geo: 'eu',
        new_one: 0,
      },
    }).map(([name, value]): [Json, string] => [{ [name]: value }, name]),
    [{ max_tokens: 0 }, 'max_tokens below 1'],
    [{ max_tokens: null }, 'max_tokens'],
    [{ stop_sequences: ['1', '2', '3', '4', '5'] }, 'stop_sequences are more than 4'],
    [{ metadata: { user_id: 'u', team: 't' } }, 'metadata.team'],
    [{ system: [{ ...text, cache_control: { type: 'ephemeral' } }] }, 'system[0].cache_control'],
    [{ messages: [user, { role: 'assistant', content: 'The answer is (' }] }, 'messages end with one of the assistant, to be continued'],
    [turn({ type: 'thinking', thinking: 'hm', signature: 's' }), 'messages[1].content[0].type thinking'],
    [turn({ type: 'redacted_thinking', data: 'd' }), 'messages[1].content[0].type redacted_thinking'],
    [turn({ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }), 'messages[1].content[0].type server_tool_use'],
    [turn({ ...toolUse, caller: { type: 'code_execution_20250825' } }), 'messages[1].content[0].caller'],
    [turn({ ...text, citations: [{}] }), 'messages[1].content[0].citations'],
    [turn(toolUse, text), 'messages[1].content[1].text stands behind a tool call'],
    [userParts({ type: 'document', source: {} }), 'messages[0].content[0].type document'],
    [userParts({ ...text, cache_control: { type: 'ephemeral' } }), 'messages[0].content[0].cache_control'],
    [userParts({ type: 'image', source: { type: 'file', file_id: 'f' } }), 'messages[0].content[0].source.type'],
    [userParts({ ...toolResult, is_error: true }), 'messages[0].content[0].is_error'],
    [userParts({ ...toolResult, content: [{ type: 'image', source: {} }] }), 'messages[0].content[0].content[0].type image'],
    [userParts(text, toolResult), 'messages[0].content[1].type tool_result'],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0].type'],
    [{ tools: [{ name: 'f', input_schema: {}, cache_control: {} }] }, 'tools[0].cache_control'],
    [{ tools: [{ name: 'f', input_schema: {}, defer_loading: true }] }, 'tools[0].defer_loading'],
    [{ tools: [{ name: 'f'.repeat(65), input_schema: {} }] }, 'tools[0].name is longer than 64'],
    [{ tool_choice: { type: 'any' } }, 'tool_choice without tools'],
  ])('%j', (facts, reason) => {
    expect(translation('to chat', { ...message, ...facts })).toContain(reason);
  });
});

test('a request that cannot be read or changed is told, too', () => {
  const reasons = [
    translation('to messages', 'no json'),
    translation('to messages', '[]'),
    translation('to messages', '{"model":"a","model":"b","messages":[]}'),
    translation('to messages', chat, { request: { path: '/v1/responses' } }),
    translation('to messages', chat, { request: { headers: ['Content-Encoding', 'gzip'] } }),
    translation('to messages', chat, { request: { headers: ['Content-Digest', 'sha-256=:AA==:'] } }),
    translation('to chat', message, { request: { headers: ['anthropic-beta', 'x'] } }),
  ];
  expect(reasons).toEqual([
    ...[
      'the body',
      'the body',
      'model, which stands there twice,',
      'the path',
      'content-encoding',
      'a digest of the body',
      'anthropic-beta',
    ],
  ]);
});

test('nothing translates between other formats', () => {
  const request = post({ path: '/v1/chat/completions', body: body(JSON.stringify(chat)) });
  expect(translate(request, { upstream: 'x' }, { from: openai, to: gemini }, { maxTokens: 1 })).toBeUndefined();
});

test('no member of a request is ever dropped: whatever is added to one, anywhere, is carried over or told', () => {
  const asked = {
    ...chat,
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }, called(), result],
  };
  const asMessages = {
    ...message,
    tools: [{ name: 'f', input_schema: { type: 'object' } }],
    messages: [user, { role: 'assistant', content: [text, toolUse] }, { role: 'user', content: [toolResult, text] }],
  };
  fc.assert(
    fc.property(fc.constantFrom('to messages' as const, 'to chat' as const), fc.nat(), fc.string({ minLength: 6 }), (way, at, value) => {
      const copy = structuredClone(way === 'to messages' ? asked : asMessages) as Json;
      const places = objectsIn(copy);
      places[at % places.length]!['addition'] = `${value}\u2603`;
      const found = translation(way, copy);
      if (typeof found === 'string') expect(found).toContain('addition');
      else expect(Buffer.from(found!.request.body.bytes!).toString()).toContain('addition');
    }),
  );
});

function objectsIn(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [value as Json, ...inner];
}
