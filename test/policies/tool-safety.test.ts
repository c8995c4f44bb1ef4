import { describe, expect, it } from 'vitest';
import type { ProxiedRequest } from '../../src/core/exchange.ts';
import { stack } from '../../src/core/policy.ts';
import { mcp } from '../../src/llm/mcp.ts';
import { createToolLearning } from '../../src/policies/tool-learning.ts';
import { createToolSafety } from '../../src/policies/tool-safety.ts';
import { body, context, dialect, exchange, post, script, type TestContext, textOf, wholeReply } from './kit.ts';

const json = ['content-type', 'application/json'];

/** A JSON-RPC request, described as the format does it. */
function rpc(method: string, params: object, headers: readonly string[] = [], path = '/mcp'): ProxiedRequest {
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const request = post({ path, headers: [...json, ...headers], body: body(text) });
  return { ...request, call: () => mcp.describe(request, Buffer.from(text)) };
}

const list = (headers: readonly string[] = [], path?: string) => rpc('tools/list', {}, headers, path);
const call = (name: string, headers: readonly string[] = [], path?: string) => rpc('tools/call', { name }, headers, path);
const reads = (name: string) => ({ name, annotations: { readOnlyHint: true } });
const answer = (...tools: object[]) => wholeReply({ headers: json }, JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } }));

/** The server answers a request with these tools, and the answer is read to its end. */
async function told(given: TestContext, request: ProxiedRequest, ...tools: object[]): Promise<void> {
  const reply = answer(...tools);
  const outcome = await createToolLearning('main', given).run(exchange({ request, dialect: mcp }), script(reply));
  if (outcome.kind === 'reply') expect(await textOf(outcome)).toContain('tools');
}

/** Whether what is inside of the policy takes the request for one that may be repeated. */
async function repeatable(given: TestContext, request: ProxiedRequest, rules = {}, format = mcp): Promise<boolean> {
  const inner = script(wholeReply());
  await createToolSafety(rules, 'main', given).run(exchange({ request, dialect: format }), inner);
  return (await inner.calls[0]!.request.call()).repeatable;
}

describe('a call of a tool', () => {
  it('may be repeated once the tool has said so in a list that passed', async () => {
    const given = context();
    expect(await repeatable(given, call('read'))).toBe(false);
    await told(given, list(), reads('read'), { name: 'write' });
    expect(await repeatable(given, call('read'))).toBe(true);
    expect(await repeatable(given, call('write'))).toBe(false);
    expect(await repeatable(given, call('unheard-of'))).toBe(false);
  });

  it('follows the latest word of the tool', async () => {
    const given = context();
    await told(given, list(), reads('x'));
    await told(given, list(), reads('y'));
    expect(await repeatable(given, call('x'))).toBe(true);
    await told(given, list(), { name: 'x' });
    expect(await repeatable(given, call('x'))).toBe(false);
  });

  it.each([
    ['first', [reads('x'), { name: 'x' }]],
    ['last', [{ name: 'x' }, reads('x')]],
  ])('may not be repeated where a list has two tools of its name and the harmless one is the %s', async (_name, tools) => {
    const given = context();
    await told(given, list(), ...tools);
    expect(await repeatable(given, call('x'))).toBe(false);
  });

  it.each([
    ['another credential', ['authorization', 'Bearer b'], '/mcp'],
    ['no credential', [], '/mcp'],
    ['a session', ['authorization', 'Bearer a', 'mcp-session-id', 's1'], '/mcp'],
    ['another endpoint', ['authorization', 'Bearer a'], '/other/mcp'],
    ['another header that may be a credential', ['authorization', 'Bearer a', 'x-tenant', 't'], '/mcp'],
  ])('is not judged by what somebody with %s was told', async (_name, headers, path) => {
    const given = context();
    await told(given, list(headers, path), reads('x'));
    expect(await repeatable(given, call('x', headers, path))).toBe(true);
    expect(await repeatable(given, call('x', ['authorization', 'Bearer a']))).toBe(false);
  });

  it('is judged alike whatever belongs to the single request', async () => {
    const given = context();
    await told(given, list(['Mcp-Method', 'tools/list', 'User-Agent', 'a', 'traceparent', '1']), reads('x'));
    expect(
      await repeatable(given, call('x', ['mcp-method', 'tools/call', 'mcp-name', 'x', 'Mcp-Param-City', 'Rome', 'traceparent', '2'])),
    ).toBe(true);
  });

  it('is judged by a rule of the configuration before anything else', async () => {
    const given = context();
    await told(given, list(), reads('x'));
    expect(await repeatable(given, call('x'), { x: { repeatable: false } })).toBe(false);
    expect(await repeatable(given, call('y'), { y: { repeatable: true } })).toBe(true);
    expect(await repeatable(given, call('constructor'), {})).toBe(false);
  });

  it('is judged after its description was waited for, and then at once', async () => {
    const given = context();
    const late = call('x');
    const inner = script(wholeReply());
    const request = { ...late, call: () => Promise.resolve(late.call()) };
    await createToolSafety({ x: { repeatable: true } }, 'main', given).run(exchange({ request, dialect: mcp }), inner);
    const [seen] = inner.calls;
    expect(seen!.request.described).toBeUndefined();
    expect(seen!.request.call()).toBeInstanceOf(Promise);
    expect(await seen!.request.call()).toMatchObject({ tool: 'x', repeatable: true });
    expect(seen!.request.call()).toMatchObject({ tool: 'x', repeatable: true });
    expect(seen!.request.described).toMatchObject({ tool: 'x', repeatable: true });
  });
});

describe('tools', () => {
  it('are not learned from the result of a tool, nor from anything else that is no list of them', async () => {
    const given = context();
    await told(given, call('evil'), reads('x'));
    await told(given, rpc('resources/list', {}), reads('x'));
    expect(await repeatable(given, call('x'))).toBe(false);
  });

  it('are not learned from a list that broke off, or that was an error', async () => {
    const given = context();
    const learning = createToolLearning('main', given);
    const cut = await learning.run(exchange({ request: list(), dialect: mcp }), script(answer(reads('x'))));
    if (cut.kind === 'reply') cut.discard();
    const bad = wholeReply({ headers: json, status: 500, verdict: 'server-error' }, JSON.stringify({ result: { tools: [reads('x')] } }));
    expect(await learning.run(exchange({ request: list(), dialect: mcp }), script(bad))).toBe(bad);
    expect(await repeatable(given, call('x'))).toBe(false);
  });

  it('are learned by upstream: another has its own', async () => {
    const given = context();
    await told(given, list(), reads('x'));
    const inner = script(wholeReply());
    await createToolSafety({}, 'other', given).run(exchange({ request: call('x'), dialect: mcp }), inner);
    expect((await inner.calls[0]!.request.call()).repeatable).toBe(false);
  });

  it('are learned in bounds', async () => {
    const given = context();
    const learning = createToolLearning('main', given);
    const named = (page: number) => Array.from({ length: 3000 }, (_, i) => reads(`t${page}-${i}`));
    for (let page = 0; page < 12; page += 1) await told(given, list(), ...named(page), reads('x'.repeat(257)));
    expect(learning.inspect?.()).toEqual({ tools: 20_000 });
    expect(await repeatable(given, call('x'.repeat(257)))).toBe(false);
    expect(await repeatable(given, call('t11-1999'))).toBe(true);
    expect(await repeatable(given, call('t11-2000'))).toBe(false);
  });
});

it('what has no tools passes as it is', async () => {
  const given = context();
  const plain = exchange({ request: call('x'), dialect });
  const inner = script(wholeReply());
  await stack([createToolSafety({ x: { repeatable: true } }, 'main', given), createToolLearning('main', given)], inner)(plain);
  expect(inner.calls[0]).toBe(plain);
});
