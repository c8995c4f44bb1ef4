import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reply } from '../../../src/core/outcome.ts';
import { StreamTranslation } from '../../../src/llm/translate/stream-translation.ts';
import { ChatEvents } from '../../../src/llm/translate/to-chat/events.ts';
import { MessagesEvents } from '../../../src/llm/translate/to-messages/events.ts';
import { openReply, textOf } from '../../policies/kit.ts';
import { answered, chunk, done, type Json, messageEvents, stream, textBlock, toolBlock } from './kit.ts';

const toChat = (includeUsage = true) => new StreamTranslation(new ChatEvents(1, includeUsage));
const toMessages = () => new StreamTranslation(new MessagesEvents());

/** What comes of a stream that was cut at these places. */
function through(translation: StreamTranslation, text: string, cuts: readonly number[] = []): string {
  const bytes = Buffer.from(text);
  const borders = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return `${borders.map((from, i) => translation.push(bytes.subarray(from, borders[i + 1]))).join('')}${translation.end()}`;
}

/** The data of a stream's events, parsed. */
const dataOf = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => (data === '[DONE]' ? data : (JSON.parse(data!) as Json)));

const spoken = stream(...messageEvents([textBlock('Grüße, ', '你好'), toolBlock('t1', '{"a":', '1}'), toolBlock('t2')], 'tool_use'));
const calls = (...delta: Json[]) => chunk({ tool_calls: delta });
const completed = stream(
  ': OPENROUTER PROCESSING\n\n',
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: 'Grüße, ' }),
  chunk({ content: '你好' }),
  calls({ index: 0, id: 'c1', type: 'function', function: { name: 'look', arguments: '' } }),
  calls({ index: 0, function: { arguments: '{"a":' } }),
  calls({ index: 0, function: { arguments: '1}' } }),
  calls({ index: 1, id: 'c2', type: 'function', function: { name: 'look', arguments: '{}' } }),
  chunk({}, 'tool_calls'),
  { ...chunk({}), choices: [], usage: { prompt_tokens: 9, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 2 } } },
  done,
);

test('the events of a message become chunks of a completion, with the counts of its end', () => {
  const all = dataOf(through(toChat(), spoken)) as { choices: { delta: Json; finish_reason: string | null }[]; usage: unknown }[];
  const deltas = all.slice(0, -2).map(({ choices: [choice] }) => choice!.delta);
  expect(deltas).toEqual([
    { role: 'assistant', content: '' },
    { content: 'Grüße, ' },
    { content: '你好' },
    { tool_calls: [{ index: 0, id: 't1', type: 'function', function: { name: 'look', arguments: '' } }] },
    { tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] },
    { tool_calls: [{ index: 0, function: { arguments: '1}' } }] },
    { tool_calls: [{ index: 1, id: 't2', type: 'function', function: { name: 'look', arguments: '' } }] },
    { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
    {},
  ]);
  expect(all.at(-3)).toMatchObject({ id: 'msg_1', model: 'claude-y', choices: [{ finish_reason: 'tool_calls' }], usage: null });
  expect(all.at(-2)).toMatchObject({ choices: [], usage: { prompt_tokens: 14, completion_tokens: 7, total_tokens: 21 } });
  expect(all.at(-1)).toBe('[DONE]');
});

test('counts are told only to callers who want them', () => {
  const text = through(toChat(false), spoken);
  expect(text).not.toContain('usage');
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
});

test('the chunks of a completion become events of a message, block by block', () => {
  const text = through(toMessages(), completed);
  const frames = dataOf(text) as Json[];
  expect([...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name)).toEqual(frames.map(({ type }) => type));
  expect(frames.map((frame) => (frame['type'] === 'message_start' ? 'start' : frame))).toEqual([
    'start',
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüße, ' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '你好' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'c1', name: 'look', input: {} } },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '1}' } },
    { type: 'content_block_stop', index: 1 },
    { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 'c2', name: 'look', input: {} } },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{}' } },
    { type: 'content_block_stop', index: 2 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { input_tokens: 7, cache_creation_input_tokens: 0, cache_read_input_tokens: 2, output_tokens: 5 },
    },
    { type: 'message_stop' },
  ]);
  expect(frames[0]).toMatchObject({ message: { id: 'chatcmpl-1', model: 'gpt-y', content: [], stop_reason: null } });
  expect(text.startsWith(':\n\nevent: message_start\n')).toBe(true);
});

test.each([
  ['a message', toChat, spoken],
  ['a completion', toMessages, completed],
])('%s is translated the same wherever it is cut: at every byte, and at any places', (_, make, text) => {
  const whole = through(make(), text);
  const length = Buffer.byteLength(text);
  for (let at = 0; at <= length; at += 1) expect(through(make(), text, [at])).toBe(whole);
  expect(through(make(), text, [...Array(length).keys()])).toBe(whole);
  fc.assert(fc.property(fc.array(fc.nat(length), { maxLength: 30 }), (cuts) => through(make(), text, cuts) === whole));
  expect(through(make(), text.replaceAll('\n', '\r\n'), [length >> 1])).toBe(whole);
});

test('text, calls and stop reasons come back through both directions as they were', () => {
  const parts = fc.array(
    fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text.isWellFormed()),
    { minLength: 1, maxLength: 4 },
  );
  const args = fc.jsonValue().map((value) => JSON.stringify({ value }));
  const answer = fc.record({ texts: parts, calls: fc.array(args, { maxLength: 3 }), stop: fc.constantFrom('end_turn', 'max_tokens') });
  fc.assert(
    fc.property(answer, ({ texts, calls: given, stop }) => {
      const reason = given.length > 0 ? 'tool_use' : stop;
      const blocks = [textBlock(...texts), ...given.map((json, i) => toolBlock(`t${i}`, json.slice(0, 3), json.slice(3)))];
      const back = through(toMessages(), through(toChat(), stream(...messageEvents(blocks, reason))));
      const kept = (text: string) =>
        (dataOf(text) as Json[]).filter(
          ({ type }) => type === 'content_block_start' || type === 'content_block_delta' || type === 'content_block_stop',
        );
      expect(kept(back)).toEqual(kept(stream(...messageEvents(blocks, reason))));
      expect(dataOf(back)).toContainEqual(expect.objectContaining({ delta: { stop_reason: reason, stop_sequence: null } }));
    }),
  );
});

test('errors in the middle of a stream are errors in the caller’s format', () => {
  const fromMessages = through(toChat(), stream({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }));
  expect(dataOf(fromMessages)).toEqual([
    { error: { message: 'Overloaded', type: 'server_error', param: null, code: 'service_unavailable' } },
  ]);
  const fromChat = through(toMessages(), stream({ error: { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' } }));
  expect(fromChat).toMatch(/^event: error\ndata: \{"type":"error","error":\{"type":"rate_limit_error","message":"Slow down"/);
});

describe('a stream breaks at what has no counterpart', () => {
  const started = messageEvents([])[0]!;
  test.each<[string, () => StreamTranslation, string]>([
    ['type thinking', toChat, stream(...messageEvents([{ block: { type: 'thinking', thinking: '' }, deltas: [] }]))],
    ['type citations_delta', toChat, stream(...messageEvents([{ ...textBlock(), deltas: [{ type: 'citations_delta', citation: {} }] }]))],
    ['stands behind a tool call', toChat, stream(...messageEvents([toolBlock('t1', '{}'), textBlock('x')]))],
    ['stop_reason pause_turn', toChat, stream(...messageEvents([textBlock('x')], 'pause_turn'))],
    ['content_block.new_field', toChat, stream(...messageEvents([{ block: { type: 'text', text: '', new_field: 1 }, deltas: [] }]))],
    ['tool_calls[0].extra_content', toMessages, stream(calls({ index: 0, id: 'a', function: { name: 'f' }, extra_content: {} }))],
    ['the event new_event', toChat, stream(started, { type: 'new_event' })],
    ['no JSON object', toChat, 'data: {"type":\n\n'],
    ['delta.reasoning_content', toMessages, stream(chunk({ reasoning_content: 'hm' }))],
    ['finish_reason undefined', toMessages, stream(chunk({ content: 'x' }), done)],
    [
      'mixed up',
      toMessages,
      stream(calls({ index: 0, id: 'a', function: { name: 'f' } }, { index: 1, id: 'b', function: { name: 'f' } }, { index: 0 })),
    ],
    ['choices[0].index', toMessages, stream({ ...chunk({}), choices: [{ index: 1, delta: {} }] })],
  ])('%s', (reason, make, text) => {
    expect(() => through(make(), text)).toThrow(reason);
  });
});

describe('the body of a translated stream', () => {
  const headers = ['content-type', 'text/event-stream', 'content-length', '9999'];
  const open = () => openReply({ headers });
  const asked = { stream: true };

  test('is the same answer to whoever keeps account of it, and has no length', async () => {
    const upstream = open();
    const reply = (await answered('to messages', upstream.reply, asked)) as Reply;
    expect(reply.source).toBe(upstream.reply.source);
    expect(reply.headers).toEqual(['content-type', 'text/event-stream; charset=utf-8']);
    upstream.push(spoken);
    upstream.end({ usage: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0, reasoning: 0 } });
    const text = await textOf(reply);
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true, bytes: Buffer.byteLength(text), usage: { output: 2 } });
  });

  test('gives each event on at once', async () => {
    const upstream = open();
    const { body } = (await answered('to messages', upstream.reply, asked)) as Reply;
    const events = messageEvents([textBlock('one', 'two')]);
    upstream.push(stream(...events.slice(0, 4)));
    expect((await body.next()).value?.toString()).toContain('"content":"one"');
    upstream.push(stream(...events.slice(4, 5)));
    expect((await body.next()).value?.toString()).toContain('"content":"two"');
  });

  test('that was cut gives what was whole, and ends as the upstream’s did', async () => {
    const upstream = open();
    const reply = (await answered('to messages', upstream.reply, asked)) as Reply;
    upstream.push(spoken.slice(0, spoken.indexOf('Gr') + 1));
    upstream.end({ verdict: 'network', complete: false });
    expect(dataOf(await textOf(reply))).toHaveLength(1);
    expect(await reply.ended).toMatchObject({ verdict: 'network', complete: false });
  });

  test('breaks off where something untranslatable comes late, and frees the upstream', async () => {
    const upstream = open();
    const reply = (await answered('to chat', upstream.reply, asked)) as Reply;
    upstream.push(stream(chunk({ content: 'x' })));
    await reply.body.next();
    upstream.push(stream(chunk({ reasoning_content: 'hm' })));
    expect(await reply.body.next()).toMatchObject({ done: true });
    expect(await reply.ended).toMatchObject({ verdict: 'server-error', complete: false });
    expect(upstream.discarded).toBe(true);
  });

  test('is given up with the upstream’s at any time', async () => {
    const upstream = open();
    const reply = (await answered('to chat', upstream.reply, asked)) as Reply;
    const reading = reply.body.next();
    reply.discard();
    expect(await reading).toMatchObject({ done: true });
    expect(upstream.discarded).toBe(true);
    expect(await reply.ended).toMatchObject({ verdict: 'cancelled' });
  });
});
