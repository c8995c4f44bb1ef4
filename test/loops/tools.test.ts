import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { http } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { json } from '../policies-e2e/kit.ts';
import { loopsOf, urlOf, watched } from './kit.ts';

interface Rpc {
  id?: number;
  method: string;
  params?: { name?: string };
}

/** A server with sessions whose tools answer as `result` says, each answer in JSON or as an event. */
function server(result: (call: number) => object, streamed = false) {
  let calls = 0;
  return rawUpstream(
    answer(({ startLine, body }) => {
      if (!startLine.startsWith('POST')) return http(['HTTP/1.1 405 Method Not Allowed', 'Content-Length: 0']);
      const { id, method } = JSON.parse(body) as Rpc;
      if (id === undefined) return http(['HTTP/1.1 202 Accepted', 'Content-Length: 0']);
      const serverInfo = { name: 'tools', version: '1' };
      const initialized = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo };
      if (method === 'initialize') return json('200 OK', { jsonrpc: '2.0', id, result: initialized }, 'mcp-session-id: s-1');
      calls += 1;
      const message = { jsonrpc: '2.0', id, result: result(calls) };
      if (!streamed) return json('200 OK', message);
      const event = `event: message\ndata: ${JSON.stringify(message)}\n\n`;
      return http(['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', `Content-Length: ${event.length}`], event);
    }),
  );
}

async function clientOf(
  url: string,
  headers: Record<string, string> = {},
): Promise<(name: string, given: Record<string, unknown>) => Promise<'ok' | number>> {
  const client = new Client({ name: 'a-client', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } });
  // Its types and those of its own SDK disagree on optional members.
  await client.connect(transport as Parameters<Client['connect']>[0]);
  onTestFinished(() => client.close());
  return async (name, given) => {
    try {
      await client.callTool({ name, arguments: given });
      return 'ok';
    } catch (error) {
      return (error as { code: number }).code;
    }
  };
}

const said = (text: string, isError = false) => ({ content: [{ type: 'text', text }], isError });

describe.each([
  ['in JSON', false],
  ['as a stream', true],
])('calls of MCP tools answered %s', (_, streamed) => {
  test('with equal arguments and results pause the agent', async () => {
    const product = await watched((await server(() => said('nothing'), streamed)).url, 'mcp', { action: 'pause' });
    const call = await clientOf(urlOf(product));
    for (let made = 0; made < 4; made += 1) expect(await call('look', made % 2 ? { a: 1, b: 2 } : { b: 2, a: 1 })).toBe('ok');
    expect(await loopsOf(product)).toEqual({ 'repeat warn': 1, 'repeat pause': 1 });
    expect(await call('look', { a: 1, b: 2 })).not.toBe('ok');
  });

  test('with the same failure whatever the arguments pause the agent', async () => {
    const product = await watched((await server(() => said('there is no such place', true), streamed)).url, 'mcp', { action: 'pause' });
    const call = await clientOf(urlOf(product));
    for (let made = 0; made < 5; made += 1) expect(await call('look', { made })).toBe('ok');
    expect(await loopsOf(product)).toEqual({ 'error warn': 1, 'error pause': 1 });
  });

  test('with other results are work', async () => {
    const product = await watched(
      (await server((made) => said(`page${made} has item${made * 2} and item${made * 2 + 1}`), streamed)).url,
      'mcp',
      {},
    );
    const call = await clientOf(urlOf(product));
    for (let made = 0; made < 3; made += 1) await call('look', {});
    expect(await loopsOf(product)).toEqual({});
  });
});

describe('plain HTTP tools', () => {
  const named = { 'x-outrigger-agent': 'planner' };
  const post = async (url: string, body: object, headers: Record<string, string> = named) => {
    const answered = await fetch(`${url}/search?b=2&a=1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    await answered.text();
    return answered.status;
  };

  test('pause the agent that asks the same and gets the same, and leave others alone', async () => {
    const main = await rawUpstream(answer(json('200 OK', { hits: [] })));
    const product = await watched(main.url, 'http', { action: 'pause' });
    for (let made = 0; made < 4; made += 1) expect(await post(urlOf(product), { q: 'x' })).toBe(200);
    expect([await post(urlOf(product), { q: 'y' }), await post(urlOf(product), { q: 'x' }, { 'x-outrigger-agent': 'writer' })]).toEqual([
      423, 200,
    ]);
  });

  test('are only told of where nobody tells agents apart', async () => {
    const main = await rawUpstream(answer(json('200 OK', { hits: [] })));
    const product = await watched(main.url, 'http', { action: 'pause' });
    for (let made = 0; made < 5; made += 1) expect(await post(urlOf(product), { q: 'x' }, {})).toBe(200);
    expect(await loopsOf(product)).toEqual({ 'repeat warn': 1 });
  });

  test.each(['429 Too Many Requests', '500 Internal Server Error', '503 Service Unavailable'])(
    'that answer %s are in trouble, and no loop',
    async (status) => {
      const main = await rawUpstream(answer(json(status, {})));
      const product = await watched(main.url, 'http', { action: 'pause' });
      for (let made = 0; made < 8; made += 1) expect(await post(urlOf(product), { q: 'x' })).toBe(Number(status.slice(0, 3)));
      expect(await loopsOf(product)).toEqual({});
    },
  );

  test('that do not answer at all are no loop either', async () => {
    const main = await rawUpstream((connection) => connection.request().then(() => connection.halfClose()));
    const product = await watched(main.url, 'http', { action: 'pause' });
    for (let made = 0; made < 8; made += 1) expect(await post(urlOf(product), { q: 'x' })).toBe(502);
    expect(await loopsOf(product)).toEqual({});
  });

  test('called with the same beside each other count once', async () => {
    let asked = 0;
    const all = Promise.withResolvers<void>();
    const main = await rawUpstream(async (connection) => {
      await connection.request();
      asked += 1;
      if (asked === 8) all.resolve();
      await all.promise;
      connection.send(json('200 OK', {}));
    });
    const product = await watched(main.url, 'http', { action: 'pause' });
    expect(await Promise.all(Array.from({ length: 8 }, () => post(urlOf(product), { q: 'x' })))).toEqual(Array(8).fill(200));
    expect(await loopsOf(product)).toEqual({});
  });

  test('that answer with an error of their own count it', async () => {
    const main = await rawUpstream(answer(json('404 Not Found', { detail: 'not found' })));
    const product = await watched(main.url, 'http', { action: 'pause' });
    for (let made = 0; made < 5; made += 1) expect(await post(urlOf(product), { q: made })).toBe(404);
    expect(await loopsOf(product)).toEqual({ 'error warn': 1, 'error pause': 1 });
  });
});
