import { describe, expect, test } from 'vitest';
import type { Dialect } from '../../src/core/dialect.ts';
import { anthropic } from '../../src/llm/anthropic.ts';
import { mcp } from '../../src/llm/mcp.ts';
import { openai } from '../../src/llm/openai.ts';

const uuid = '0b7e4c12-8f3a-4f43-9c55-1a2b3c4d5e6f';

function describeBody(dialect: Dialect, path: string, body: unknown) {
  return dialect.describe({ method: 'POST', path, headers: [] }, Buffer.from(JSON.stringify(body)));
}
const sessionIn = (dialect: Dialect, path: string, body: object) => describeBody(dialect, path, { model: 'm', ...body }).session;

describe('the session of a call is read from', () => {
  test.each([
    ['what Claude Code has written', `user_abc_account_${uuid}_session_${uuid}`, uuid],
    ['what it writes now', JSON.stringify({ device_id: 'd', account_uuid: 'a', session_id: uuid }), uuid],
    ['no id of a person', 'user-4711', undefined],
    ['no JSON without one', '{"device_id":"d"}', undefined],
    ['nothing that is cut', '{"session_id":"x', undefined],
    ['nothing that is longer than an id', JSON.stringify({ session_id: 'x'.repeat(129) }), undefined],
  ])('metadata.user_id of Anthropic: %s', (_, user, session) => {
    expect(sessionIn(anthropic, '/v1/messages', { messages: [], metadata: { user_id: user } })).toBe(session);
  });

  test.each([
    ['the key of a cache that is made for one session', { prompt_cache_key: uuid }, uuid],
    ['such a key with a name before it', { prompt_cache_key: `thread-${uuid}` }, `thread-${uuid}`],
    ['the key of opencode', { prompt_cache_key: 'ses_5f3a9c2b7d1e4a60abcd' }, 'ses_5f3a9c2b7d1e4a60abcd'],
    ['no key that many share', { prompt_cache_key: 'my-app-v2' }, undefined],
    ['the thread of Codex before its session', { client_metadata: { session_id: 's', thread_id: 't' }, prompt_cache_key: uuid }, 't'],
    ['the session of Codex', { client_metadata: { session_id: 's' } }, 's'],
    ['a conversation by its id', { conversation: 'conv_1' }, 'conv_1'],
    ['a conversation as an object', { conversation: { id: 'conv_1' } }, 'conv_1'],
    ['no name of a person', { user: uuid, safety_identifier: uuid, metadata: { user: uuid } }, undefined],
  ])('a body of OpenAI: %s', (_, body, session) => {
    expect(sessionIn(openai, '/v1/responses', body)).toBe(session);
    expect(sessionIn(openai, '/v1/chat/completions', body)).toBe(session);
  });
});

describe('the program of a caller is read from', () => {
  const clientIn = (message: object) => describeBody(mcp, '/mcp', { jsonrpc: '2.0', id: 1, ...message }).client;
  const clientInfo = { name: 'a-client', version: '1' };

  test('the first request of a session', () => {
    expect(clientIn({ method: 'initialize', params: { clientInfo } })).toBe('a-client');
    expect(clientIn({ method: 'initialize', params: { clientInfo: { name: 'x'.repeat(99) } } })).toHaveLength(60);
    expect(clientIn({ method: 'initialize', params: { clientInfo: 'a-client' } })).toBeUndefined();
  });

  test('each request where there are no sessions', () => {
    const _meta = { 'io.modelcontextprotocol/clientInfo': clientInfo };
    const call = describeBody(mcp, '/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look', _meta } });
    expect(call).toMatchObject({ kind: 'tool', tool: 'look', client: 'a-client' });
    expect(clientIn({ method: 'tools/call', params: { name: 'look' } })).toBeUndefined();
  });
});
