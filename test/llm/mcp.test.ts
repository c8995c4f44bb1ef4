import { describe, expect, it } from 'vitest';
import { mcp } from '../../src/llm/mcp.ts';
import { json, keepsItsContract, sse } from './contract.ts';

const rpc = (fields: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, ...fields });
const message = (fields: object) => `event: message\nid: 7\ndata: ${rpc(fields)}\n\n`;
const progress = message({ id: undefined, method: 'notifications/progress', params: {} });
const result = message({ result: { content: [{ type: 'text', text: '"isError":true' }] } });
const failed = { result: { content: [], isError: true } };
const session = { headers: ['Mcp-Session-Id', 's1'] };

keepsItsContract({
  dialect: mcp,
  request: { method: 'POST', path: '/mcp', headers: json },
  calls: [
    {
      name: 'of a tool',
      body: rpc({ method: 'tools/call', params: { name: 'x' } }),
      call: { kind: 'tool', repeatable: false, stateful: false },
    },
    {
      name: 'of a tool in a session',
      request: session,
      body: rpc({ method: 'tools/call' }),
      call: { kind: 'tool', repeatable: false, stateful: true },
    },
    ...['tools/list', 'resources/read', 'prompts/get', 'ping', 'server/discover'].map((method) => ({
      name: `of ${method}`,
      body: rpc({ method }),
      call: { kind: 'other', repeatable: true, stateful: false } as const,
    })),
    { name: 'of initialize', body: rpc({ method: 'initialize' }), call: { kind: 'other', repeatable: false, stateful: false } },
    { name: 'of a batch', body: `[${rpc({ method: 'ping' })}]`, call: { kind: 'other', repeatable: false, stateful: false } },
    { name: 'for the standing stream', request: { method: 'GET' }, call: { kind: 'other', repeatable: false, stateful: false } },
  ],
  answers: [
    { name: 'with a result', body: rpc({ result: { isError: false, content: [] } }), verdict: 'ok', complete: true },
    { name: 'of a tool that failed', body: rpc(failed), verdict: 'tool-error', complete: true },
    { name: 'with a JSON-RPC error', body: rpc({ error: { code: -32602, message: 'no' } }), verdict: 'tool-error', complete: true },
    { name: 'to a batch', body: `[${rpc({ result: {} })}]`, verdict: 'ok', complete: true },
    {
      name: 'of a lost session',
      status: 404,
      body: rpc({ error: { code: -32001, message: 'Session not found' } }),
      verdict: 'client-error',
      complete: true,
    },
    { name: 'of a busy server', status: 503, body: '', verdict: 'overloaded', complete: true },
    { name: 'to a notification', status: 202, headers: [], body: '', verdict: 'ok', complete: true },
    { name: 'to a notification, by a 200', headers: ['content-length', '0'], body: '', verdict: 'ok', complete: true },
    { name: 'streamed', headers: sse, body: progress + result, verdict: 'ok', complete: true, meaningful: 2, judgedAfter: progress },
    {
      name: 'streamed behind an empty first event',
      headers: sse,
      body: `id: 1\ndata: \n\n${result}`,
      verdict: 'ok',
      complete: true,
      judgedAfter: 'id: 1\ndata: \n\n',
    },
    {
      name: 'streamed of a tool that failed',
      headers: sse,
      body: progress + message(failed),
      verdict: 'tool-error',
      complete: true,
      judgedAfter: progress,
    },
    {
      name: 'streamed as torn JSON',
      headers: sse,
      body: 'data: {"jsonrpc"\n\n',
      verdict: 'server-error',
      complete: false,
      judgedAfter: 'data: {"jsonrpc"\n\n',
    },
  ],
  codeOf: (refusal) => (refusal as { error: { data: { code: unknown } } }).error.data.code,
  breakOff: undefined,
  speaks: [],
});

describe('the mcp dialect', () => {
  it('judges the standing stream by its head', () => {
    expect(mcp.watch({ method: 'GET', path: '/mcp', headers: [] }, 200, sse).head).toBe('ok');
  });
});
