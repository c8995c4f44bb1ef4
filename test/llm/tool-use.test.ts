import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { PieceReader } from '../../src/core/conversation.ts';
import { textDeltas } from '../../src/llm/content/text-deltas.ts';
import { answerReader } from '../../src/llm/conversation/read-answer.ts';
import { readToolCall } from '../../src/llm/tool-call.ts';
import { toolResultReader } from '../../src/llm/tool-result.ts';

const json = ['content-type', 'application/json'];
const sse = ['content-type', 'text/event-stream'];

/** Reads bytes in pieces of that size. */
async function fed<T>(reader: PieceReader<T> | undefined, bytes: string | Uint8Array, size = 7): Promise<T | undefined> {
  const all = Buffer.from(bytes);
  for (let at = 0; at < all.length; at += size) await reader?.push(all.subarray(at, at + size));
  return reader?.end();
}

const events = (...data: object[]) => data.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('');

describe('a call of a tool', () => {
  const http = (method: string, path: string, body?: string) =>
    readToolCall(
      'http',
      { kind: 'other', repeatable: false, stateful: false },
      { method, path, headers: [] },
      body === undefined ? undefined : Buffer.from(body),
    );

  test('of plain HTTP is its method, its path, its query in any order, and its body', () => {
    expect(http('POST', '/search?b=2&a=1', '{"q": 1}')).toEqual(http('POST', '/search?a=1&b=2', '{"q":1}'));
    expect(http('POST', '/search', '{"q":1}')).not.toEqual(http('POST', '/search', '{"q":2}'));
    expect(http('GET', '/a')?.tool).toBe('GET /a');
    const long = 'x'.repeat(100_000);
    expect(JSON.stringify(http('PUT', '/f', long)).length).toBeLessThan(200);
    expect(http('PUT', '/f', long)).not.toEqual(http('PUT', '/f', `${long.slice(1)}y`));
    expect([http('HEAD', '/a'), http('OPTIONS', '/a')]).toEqual([undefined, undefined]);
  });

  test('of MCP is its name and its arguments, without the ids around them', () => {
    const mcp = (id: number) =>
      readToolCall(
        'mcp',
        { kind: 'tool', tool: 'look', repeatable: false, stateful: false },
        { method: 'POST', path: '/mcp', headers: [] },
        Buffer.from(
          JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'look', arguments: { a: 1 }, _meta: { id } } }),
        ),
      );
    expect(mcp(1)).toEqual({ tool: 'look', arguments: { a: 1 } });
    expect(mcp(2)).toEqual(mcp(1));
  });

  test('is no other request', () => {
    const other = { kind: 'other' as const, repeatable: true, stateful: false };
    expect(readToolCall('mcp', other, { method: 'POST', path: '/mcp', headers: [] }, Buffer.from('{}'))).toBeUndefined();
    expect(readToolCall('openai', other, { method: 'GET', path: '/v1/models', headers: [] }, undefined)).toBeUndefined();
  });
});

describe('the result of a tool', () => {
  const message = (result: object) => ({ jsonrpc: '2.0', id: 1, result });

  test('of MCP is its content, as JSON, in a stream behind notes of progress, and compressed', async () => {
    const said = message({
      content: [
        { type: 'text', text: 'rain' },
        { type: 'text', text: 'later' },
      ],
      isError: true,
    });
    const expected = { text: 'rain\nlater', error: true };
    expect(await fed(toolResultReader('mcp', 200, json), JSON.stringify(said))).toEqual(expected);
    const stream = events({ jsonrpc: '2.0', method: 'notifications/progress', params: {} }, said);
    expect(await fed(toolResultReader('mcp', 200, sse), stream)).toEqual(expected);
    expect(await fed(toolResultReader('mcp', 200, [...json, 'content-encoding', 'gzip']), gzipSync(JSON.stringify(said)))).toEqual(
      expected,
    );
  });

  test('of MCP may be structured, or an error of the protocol', async () => {
    expect(await fed(toolResultReader('mcp', 200, json), JSON.stringify(message({ structuredContent: { a: 1 } })))).toEqual({
      text: '{"a":1}',
      error: false,
    });
    const failed = await fed(
      toolResultReader('mcp', 200, json),
      JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'no' } }),
    );
    expect(failed).toMatchObject({ error: true });
    expect(await fed(toolResultReader('mcp', 200, json), '{"broken')).toBeUndefined();
  });

  test('of MCP that is above a megabyte is not read', async () => {
    const long = JSON.stringify(message({ content: [{ type: 'text', text: 'x'.repeat(1_100_000) }] }));
    expect(await fed(toolResultReader('mcp', 200, json), long, 65_536)).toBeUndefined();
  });

  test('of plain HTTP is its status with its beginning and its end', async () => {
    expect(await fed(toolResultReader('http', 200, []), 'rain')).toEqual({ text: '200 rain', error: false });
    expect(await fed(toolResultReader('http', 404, []), 'gone')).toEqual({ text: '404 gone', error: true });
    const long = await fed(toolResultReader('http', 200, []), `${'a'.repeat(50_000)}${'b'.repeat(50_000)}`, 999);
    expect(long?.text.length).toBeLessThan(8300);
    expect(long?.text).toMatch(/^200 a{4096} … 100000 … b{4096}$/);
  });
});

describe('an answer that a request may name', () => {
  const call = { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{}' };
  const turn = { kind: 'assistant', text: '', calls: [{ id: 'c1', tool: 'weather', arguments: '{}' }] };

  test('of OpenAI is read whole and streamed', async () => {
    const response = { id: 'r1', object: 'response', output: [{ type: 'reasoning' }, call] };
    expect(await fed(answerReader('openai', 'responses', json), JSON.stringify(response))).toEqual({ id: 'r1', turn });
    const stream = events({ type: 'response.created', response: { ...response, output: [] } }, { type: 'response.completed', response });
    expect(await fed(answerReader('openai', 'responses', sse), stream)).toEqual({ id: 'r1', turn });
    expect(await fed(answerReader('openai', 'responses', sse), events({ type: 'response.created', response }))).toBeUndefined();
  });

  test('of Anthropic is put together from its blocks', async () => {
    const stream = events(
      { type: 'message_start', message: { id: 'm1' } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Let me ' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'look.' } },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'c1', name: 'weather', input: {} } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '}' } },
    );
    expect(await fed(answerReader('anthropic', undefined, sse), stream)).toEqual({ id: 'm1', turn: { ...turn, text: 'Let me look.' } });
  });

  test('has no such thing in other formats', () => {
    expect([answerReader('openai', 'chat', json), answerReader('gemini', undefined, json)]).toEqual([undefined, undefined]);
  });
});

test.each([
  [
    'openai',
    sse,
    events(
      {
        choices: [
          { index: 0, delta: { content: 'a' } },
          { index: 1, delta: { content: 'x' } },
        ],
      },
      { choices: [] },
      { type: 'response.output_text.delta', delta: 'b' },
    ),
  ],
  [
    'anthropic',
    sse,
    events(
      { type: 'content_block_delta', delta: { type: 'text_delta', text: 'a' } },
      { type: 'content_block_delta', delta: { thinking: 'x' } },
      { type: 'content_block_delta', delta: { text: 'b' } },
    ),
  ],
  ['gemini', sse, events({ candidates: [{ content: { parts: [{ text: 'x', thought: true }, { text: 'a' }, { text: 'b' }] } }] })],
  ['ollama', ['content-type', 'application/x-ndjson'], '{"message":{"content":"a"}}\n{"response":"b"}\n'],
] as const)('the text of a stream is told piece by piece, %s', async (dialect, headers, stream) => {
  let text = '';
  const reader = textDeltas(dialect, [...headers], (piece) => {
    text += piece;
  });
  await fed(reader, stream);
  expect(text).toBe('ab');
  expect(textDeltas(dialect, json, () => {})).toBeUndefined();
});
