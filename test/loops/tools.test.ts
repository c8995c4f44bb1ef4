import { describe, expect, test } from 'vitest';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { json } from '../policies-e2e/kit.ts';
import { loopsOf, urlOf, watched } from './kit.ts';
import { clientOf, said, server } from './mcp-kit.ts';

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
