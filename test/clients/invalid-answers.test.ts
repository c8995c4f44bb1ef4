import type Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { lastChunk } from '../kit/http-text.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { inTurn, json } from '../policies-e2e/kit.ts';
import { anthropicAt, ask } from './anthropic.ts';
import { throughSidecar } from './both-ways.ts';
import { chat, eventStream, messages } from './events.ts';
import { openaiAt, say } from './openai.ts';

const policy = { validate: {}, retry: { on: ['invalid-output'], backoff: { base: '1ms' }, adjust: ['add-context'] } };
const schema = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const ledger = (headers: Headers) => headers.get('x-outrigger-attempts')?.replace(/;ms=\d+/g, '');

function completion(content: string): string {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
  return json('200 OK', { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-x', choices });
}

function toolUse(input: object): string {
  const content = [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input }];
  const usage = { input_tokens: 1, output_tokens: 1 };
  return json('200 OK', { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x', content, stop_reason: 'tool_use', usage });
}

describe('an SDK whose upstream answers with garbage first gets the good answer', () => {
  test("OpenAI's parses structured output", async () => {
    const upstream = await rawUpstream(inTurn(completion('Sure! It is Rome.'), completion('{"city":"Rome"}')));
    const format = { type: 'json_schema' as const, json_schema: { name: 'city', schema, strict: true } };
    const call = openaiAt(await throughSidecar(upstream, 'openai', policy)).chat.completions.parse({
      ...say('Where?'),
      response_format: format,
    });
    const { data, response } = await call.withResponse();
    expect(data.choices[0]!.message.parsed).toEqual({ city: 'Rome' });
    expect(ledger(response.headers)).toBe('peer/gpt-x;verdict=invalid-output, peer/gpt-x;verdict=ok;adjust=add-context');
    expect(upstream.requests[1]!.body).toContain('It is Rome.');
  });

  test("OpenAI's streams", async () => {
    const stream = (...texts: string[]) => eventStream + chat.role + texts.map(chat.text).join('') + chat.stop + chat.done + lastChunk;
    const upstream = await rawUpstream(inTurn(stream('no', 'nsense'), stream('{"city"', ':"Rome"}')));
    const client = openaiAt(await throughSidecar(upstream, 'openai', policy));
    const asked = { ...say('Where?'), stream: true as const, response_format: { type: 'json_object' as const } };
    let said = '';
    for await (const part of await client.chat.completions.create(asked)) said += part.choices[0]?.delta.content ?? '';
    expect(said).toBe('{"city":"Rome"}');
    expect(upstream.requests).toHaveLength(2);
  });

  const tools: Anthropic.Tool[] = [{ name: 'weather', input_schema: schema }];

  test("Anthropic's calls a tool", async () => {
    const upstream = await rawUpstream(inTurn(toolUse({ town: 'Rome' }), toolUse({ city: 'Rome' })));
    const client = anthropicAt(await throughSidecar(upstream, 'anthropic', policy));
    const { data, response } = await client.messages.create({ ...ask('Where?'), tools }).withResponse();
    expect(data.content).toMatchObject([{ type: 'tool_use', name: 'weather', input: { city: 'Rome' } }]);
    expect(ledger(response.headers)).toBe('peer/claude-x;verdict=invalid-output, peer/claude-x;verdict=ok;adjust=add-context');
    const { messages: sent } = JSON.parse(upstream.requests[1]!.body) as { messages: { content: string }[] };
    expect(sent).toHaveLength(2);
    expect(sent[1]!.content).toContain('weather');
  });

  test("Anthropic's streams", async () => {
    const { start, block, text, blockEnd, stop, end } = messages;
    const empty = eventStream + start + stop + end + lastChunk;
    const good = eventStream + start + block + text('Rome') + blockEnd + stop + end + lastChunk;
    const upstream = await rawUpstream(inTurn(empty, good));
    const client = anthropicAt(await throughSidecar(upstream, 'anthropic', policy));
    const message = await client.messages.stream(ask('Where?')).finalMessage();
    expect(message.content).toMatchObject([{ type: 'text', text: 'Rome' }]);
    expect(upstream.requests).toHaveLength(2);
  });
});
