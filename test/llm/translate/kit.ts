import type { Dialect } from '../../../src/core/dialect.ts';
import type { ProxiedRequest, Target } from '../../../src/core/exchange.ts';
import type { Failure, Reply } from '../../../src/core/outcome.ts';
import type { Translation } from '../../../src/core/translation.ts';
import { anthropic } from '../../../src/llm/anthropic.ts';
import { openai } from '../../../src/llm/openai.ts';
import { translate } from '../../../src/llm/translate/translate.ts';
import { body, post, textOf, wholeReply } from '../../policies/kit.ts';

export type Json = Record<string, unknown>;

/** Which way a request goes: from the caller's format to the target's. */
export type Way = 'to messages' | 'to chat';

const ways: Record<Way, { from: Dialect; to: Dialect; path: string }> = {
  'to messages': { from: openai, to: anthropic, path: '/v1/chat/completions' },
  'to chat': { from: anthropic, to: openai, path: '/v1/messages' },
};

export interface Asked {
  model?: string;
  maxTokens?: number;
  request?: Partial<ProxiedRequest>;
}

/** What becomes of a request whose body is this object, or this text. */
export function translation(way: Way, asked: Json | string, { model, maxTokens = 4096, request }: Asked = {}) {
  const { from, to, path } = ways[way];
  const text = typeof asked === 'string' ? asked : JSON.stringify(asked);
  const target: Target = { upstream: 'spare', ...(model !== undefined && { model }) };
  return translate(post({ path, body: body(text), ...request }), target, { from, to }, { maxTokens });
}

/** The same, where it can be translated. */
export function translated(way: Way, asked: Json | string, more?: Asked): Translation {
  const found = translation(way, asked, more);
  if (found === undefined || typeof found === 'string') throw new Error(`not translated: ${found}`);
  return found;
}

/** The body that the target gets. */
export function sent({ request }: Translation): Json {
  return JSON.parse(Buffer.from(request.body.bytes!).toString()) as Json;
}

export const chat = { model: 'gpt-x', messages: [{ role: 'user', content: 'hello' }] };
export const message = { model: 'claude-x', max_tokens: 100, messages: [{ role: 'user', content: 'hello' }] };

/** What an agent gets of an answer of the target with these facts, to a call that is streamed or not. */
export function answered(way: Way, reply: Reply, asked: Json = {}): Promise<Reply | Failure> {
  return translated(way, { ...(way === 'to messages' ? chat : message), ...asked }).answer(reply);
}

/** The answer to a JSON answer of the target. */
export async function answeredJson(
  way: Way,
  said: Json,
  facts: Parameters<typeof wholeReply>[0] = {},
): Promise<{ reply: Reply; json: Json }> {
  const reply = await answered(way, wholeReply({ headers: ['Content-Type', 'application/json'], ...facts }, JSON.stringify(said)));
  if (reply.kind === 'failure') throw new Error(reply.message);
  return { reply, json: JSON.parse(await textOf(reply)) as Json };
}

/** Server-sent events as they stand in a stream; what has a `type` is named after it. */
export function stream(...events: (Json | string)[]): string {
  return events
    .map((event) => {
      if (typeof event === 'string') return event;
      return `${typeof event['type'] === 'string' ? `event: ${event['type']}\n` : ''}data: ${JSON.stringify(event)}\n\n`;
    })
    .join('');
}

/** A chunk of a chat completion. */
export function chunk(delta: Json, finish: string | null = null, more: Json = {}): Json {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-y', choices, ...more };
}

export const done = 'data: [DONE]\n\n';

/** The events of a message around these blocks, each with the deltas that it comes in. */
export function messageEvents(blocks: { block: Json; deltas: Json[] }[], stop = 'end_turn', usage: Json = { output_tokens: 7 }): Json[] {
  const facts = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-y', content: [], stop_reason: null, stop_sequence: null };
  return [
    { type: 'message_start', message: { ...facts, usage: { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 1 } } },
    { type: 'ping' },
    ...blocks.flatMap(({ block, deltas }, index) => [
      { type: 'content_block_start', index, content_block: block },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
}

export const textBlock = (...texts: string[]) => ({
  block: { type: 'text', text: '' },
  deltas: texts.map((text) => ({ type: 'text_delta', text })),
});

export const toolBlock = (id: string, ...parts: string[]) => ({
  block: { type: 'tool_use', id, name: 'look', input: {} },
  deltas: parts.map((part) => ({ type: 'input_json_delta', partial_json: part })),
});
