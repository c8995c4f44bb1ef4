import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import { mcp } from '../../src/llm/mcp.ts';
import { textOf } from '../policies/kit.ts';
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
      call: { kind: 'tool', tool: 'x', repeatable: false, stateful: false, ids: ['1'] },
    },
    {
      name: 'of a tool in a session',
      request: session,
      body: rpc({ id: 'a "1"', method: 'tools/call', params: { arguments: { name: 'y' } } }),
      call: { kind: 'tool', repeatable: false, stateful: true, ids: ['"a \\"1\\""'] },
    },
    {
      name: 'of a tool that is named twice',
      body: '{"id":1,"method":"tools/call","params":{"name":"x","name":"y"}}',
      call: { kind: 'tool', repeatable: false, stateful: false, ids: ['1'] },
    },
    {
      name: 'of a tool, by the headers alone',
      request: { headers: [...json, 'Mcp-Method', 'tools/call', 'Mcp-Name', 'x'] },
      call: { kind: 'tool', tool: 'x', repeatable: false, stateful: false },
    },
    {
      name: 'of a tool whose name is encoded in the headers',
      request: { headers: [...json, 'Mcp-Method', 'tools/call', 'Mcp-Name', '=?base64?w7w=?='] },
      call: { kind: 'tool', repeatable: false, stateful: false },
    },
    {
      name: 'of a tool, whatever the headers say',
      request: { headers: [...json, 'Mcp-Method', 'tools/list'] },
      body: rpc({ method: 'tools/call', params: { name: 'x' } }),
      call: { kind: 'tool', tool: 'x', repeatable: false, stateful: false, ids: ['1'] },
    },
    ...['initialize', 'resources/list', 'resources/read', 'prompts/get', 'ping', 'completion/complete', 'server/discover'].map(
      (method) => ({
        name: `of ${method}`,
        body: rpc({ method }),
        call: { kind: 'other', repeatable: true, stateful: false, ids: ['1'] } as const,
      }),
    ),
    {
      name: 'of tools/list',
      body: rpc({ method: 'tools/list' }),
      call: { kind: 'other', repeatable: true, stateful: false, ids: ['1'], listsTools: true },
    },
    ...['unheard/of', 'tasks/cancel', 'toString'].map((method) => ({
      name: `of ${method}`,
      body: rpc({ method }),
      call: { kind: 'other', repeatable: false, stateful: false, ids: ['1'] } as const,
    })),
    {
      name: 'of a notification',
      body: rpc({ id: undefined, method: 'notifications/initialized' }),
      call: { kind: 'other', repeatable: false, stateful: false, ids: [] },
    },
    {
      name: 'of an answer to the server',
      body: rpc({ result: {} }),
      call: { kind: 'other', repeatable: false, stateful: false, ids: [] },
    },
    {
      name: 'of a batch that only reads',
      body: ` [${rpc({ method: 'ping' })},${rpc({ id: 'b', method: 'tools/list' })}]`,
      call: { kind: 'other', repeatable: true, stateful: false, ids: ['1', '"b"'] },
    },
    {
      name: 'of a batch with a notification',
      body: `[${rpc({ method: 'ping' })},${rpc({ id: undefined, method: 'notifications/initialized' })}]`,
      call: { kind: 'other', repeatable: false, stateful: false, ids: ['1'] },
    },
    {
      name: 'of a batch with a tool',
      body: `[${rpc({ method: 'tools/call', params: { name: 'x' } })}]`,
      call: { kind: 'tool', repeatable: false, stateful: false, ids: ['1'] },
    },
    { name: 'of an empty batch', body: '[]', call: { kind: 'other', repeatable: false, stateful: false, ids: [] } },
    { name: 'of torn JSON', body: '[{', call: { kind: 'other', repeatable: false, stateful: false } },
    { name: 'for the standing stream', request: { method: 'GET' }, call: { kind: 'other', repeatable: false, stateful: false } },
    {
      name: 'that ends a session',
      request: { method: 'DELETE', ...session },
      call: { kind: 'other', repeatable: false, stateful: true },
    },
  ],
  answers: [
    { name: 'with a result', body: rpc({ result: { isError: false, content: [] } }), verdict: 'ok', complete: true },
    { name: 'of a tool that failed', body: rpc(failed), verdict: 'tool-error', complete: true },
    { name: 'with a JSON-RPC error', body: rpc({ error: { code: -32602, message: 'no' } }), verdict: 'tool-error', complete: true },
    { name: 'to a batch', body: `[${rpc({ result: {} })}]`, verdict: 'ok', complete: true },
    { name: 'to a batch in which a tool failed', body: `[${rpc({ result: {} })},${rpc(failed)}]`, verdict: 'tool-error', complete: true },
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
      name: 'streamed without ids, and nothing but progress',
      headers: sse,
      body: progress.replace('id: 7\n', ''),
      verdict: 'network',
      complete: false,
      judgedAfter: progress.replace('id: 7\n', ''),
    },
    { name: 'streamed, with comments alone', headers: sse, body: ': alive\n\n', verdict: 'network', complete: false },
    {
      name: 'streamed up to an event that it can be resumed from',
      headers: sse,
      body: 'id: 1\nretry: 10\ndata: \n\n',
      verdict: 'ok',
      complete: true,
      meaningful: 1,
      judgedAfter: 'id: 1\nretry: 10\ndata: \n\n',
    },
    {
      name: 'streamed as a batch in which a tool failed',
      headers: sse,
      body: `data: [${rpc({ result: {} })},${rpc({ id: 2, ...failed })}]\n\n`,
      verdict: 'tool-error',
      complete: true,
      judgedAfter: `data: [${rpc({ result: {} })},${rpc({ id: 2, ...failed })}]\n\n`,
    },
    {
      name: 'streamed with a question of the server before the result',
      headers: sse,
      body: message({ id: 0, method: 'roots/list' }) + result,
      verdict: 'ok',
      complete: true,
      meaningful: 2,
      judgedAfter: message({ id: 0, method: 'roots/list' }),
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
  const post = { method: 'POST', path: '/mcp', headers: json };
  const described = (body: string) => ({ ...post, described: mcp.describe(post, Buffer.from(body)) });
  const judged = async (body: string, answer: string, whole = true) => {
    const watcher = mcp.watch(described(body), 200, sse);
    await watcher.push(Buffer.from(answer));
    return watcher.end(whole);
  };
  const answerTo = (id: unknown) => `data: ${rpc({ id, result: {} })}\n\n`;
  const call = rpc({ id: 'a', method: 'tools/call', params: { name: 'x' } });
  const batch = `[${rpc({ method: 'ping' })},${rpc({ id: 'b', method: 'ping' })}]`;

  it('judges the standing stream by its head, and the one that a subscription opens by POST', () => {
    expect(mcp.watch({ method: 'GET', path: '/mcp', headers: [] }, 200, sse).head).toBe('ok');
    expect(mcp.standsOpen?.({ ...post, headers: ['mcp-method', 'subscriptions/listen'] })).toBe(true);
    expect(mcp.standsOpen?.(post)).toBe(false);
  });

  it('takes a stream for whole once every request has its own answer', async () => {
    expect(await judged(call, answerTo('a'))).toEqual({ verdict: 'ok', complete: true });
    expect(await judged(call, answerTo('other'))).toEqual({ verdict: 'network', complete: false });
    expect(await judged(batch, answerTo(1))).toEqual({ verdict: 'network', complete: false });
    expect(await judged(batch, answerTo(1) + answerTo('b'))).toEqual({ verdict: 'ok', complete: true });
    expect(await judged(rpc({ id: 1.0, method: 'ping' }).replace('"id":1', '"id":1.0'), answerTo(1))).toMatchObject({ complete: true });
  });

  it('says of a cut stream whether the agent can do without being told', async () => {
    expect(await judged(call, answerTo('a'), false)).toEqual({ verdict: 'network', complete: false, resumable: true });
    expect(await judged(call, 'id: 1\ndata: \n\n', false)).toEqual({ verdict: 'network', complete: false, resumable: true });
    expect(await judged(call, 'id:\ndata: \n\n', false)).toEqual({ verdict: 'network', complete: false });
    expect(await judged(call, progress.replace('id: 7\n', ''), false)).toEqual({ verdict: 'network', complete: false });
  });

  it('never throws, whatever is asked and answered', async () => {
    const odd = fc.constantFrom(
      '"id"',
      '1',
      ':',
      '{',
      '}',
      '[',
      ']',
      ',',
      '"method"',
      '"tools/call"',
      '"params"',
      '"result"',
      '"x\\',
      ' ',
      '\n',
    );
    const text = fc.oneof(
      fc.array(odd).map((pieces) => pieces.join('')),
      fc.json(),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(text, text, async (asked, answered) => {
        expect(['ok', 'network', 'tool-error', 'server-error']).toContain((await judged(asked, `data: ${answered}\n\n`)).verdict);
        const { described: call } = described(asked);
        const refusal = await textOf(mcp.refuse(failure('circuit_open', 'no'), call));
        expect(refusal).toContain('circuit_open');
        expect(() => JSON.parse(refusal)).not.toThrow();
      }),
    );
  });

  it('expects no answer to a notification', async () => {
    expect(await judged(rpc({ id: undefined, method: 'notifications/x' }), '')).toEqual({ verdict: 'ok', complete: true });
  });

  it.each([
    ['a number', '12345678901234567890', ['12345678901234567890']],
    ['a string', '"\\u00fc \\"q\\""', ['"\\u00fc \\"q\\""']],
    ['null', 'null', []],
    ['an object', '{}', []],
    ['malformed', '"\\q"', []],
    ['long', `"${'x'.repeat(2000)}"`, []],
  ])('keeps an id that is %s as it was written, or leaves it', (_name, id, ids) => {
    expect(mcp.describe(post, Buffer.from(`{"id":${id},"method":"ping"}`)).ids).toEqual(ids);
  });

  it('refuses a call under its own id, each call of a batch under its own, and what has none under null', async () => {
    const refused = failure('circuit_open', 'not now');
    const ids = async (body: string) => JSON.parse(await textOf(mcp.refuse(refused, described(body).described)));
    expect(await ids(call)).toMatchObject({ jsonrpc: '2.0', id: 'a', error: { code: -32000, message: 'not now' } });
    expect(await ids(batch)).toMatchObject([{ id: 1 }, { id: 'b' }]);
    expect(await ids(rpc({ id: undefined, method: 'notifications/x' }))).toMatchObject({ id: null });
  });

  it('answers each call of a broken stream with an error event', () => {
    const event = mcp.breakOff({ code: 'upstream_unreachable', message: 'gone' }, described(batch).described);
    const lines = Buffer.from(event ?? [])
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('data: '));
    expect(lines.map((line) => JSON.parse(line.slice(6)))).toMatchObject([{ id: 1, error: { message: 'gone' } }, { id: 'b' }]);
    expect(mcp.breakOff({ code: 'upstream_unreachable', message: 'gone' }, described(rpc({ result: {} })).described)).toBeUndefined();
  });
});
