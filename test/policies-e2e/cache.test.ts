import { describe, expect, test } from 'vitest';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { reloadingSidecar } from '../life/reloading-sidecar.ts';
import { api, ask, busy, counted, inTurn, json, ledgerOf, saying, sidecarTo, streaming, textOf, toldBy } from './kit.ts';

describe('an answer that came once stands in where all else fails', () => {
  test('for an upstream that is overloaded', async () => {
    const main = await rawUpstream(inTurn(saying('hello'), busy));
    const product = await sidecarTo({ main }, { cache: {} });
    const first = await ask(product);
    expect(valuesOf(first, 'cache-status')).toEqual(['outrigger; fwd=miss; stored']);
    const again = await ask(product);
    expect(toldBy(again)).toEqual([200, 'hello']);
    expect(again.body).toBe(first.body);
    expect(valuesOf(again, 'cache-status')).toEqual(['outrigger; hit; detail=stale-if-error']);
    expect(valuesOf(again, 'x-outrigger-degraded')).toEqual(['cache']);
    expect(ledgerOf(again)).toBe('main/gpt-large;verdict=overloaded');
    const count = await counted(product, 2);
    expect(count('cache_requests_total{result="stored"}')).toBe(1);
    expect(count('cache_requests_total{result="stale"}')).toBe(1);
    expect(count('degraded_total{kind="cache"}')).toBe(1);
    expect(count('requests_total{upstream="main",route="/",outcome="cached"}')).toBe(1);
  });

  test('as the stream that it was', async () => {
    const main = await rawUpstream(inTurn(streaming('hello'), busy));
    const product = await sidecarTo({ main }, { cache: {} });
    const first = await ask(product, { stream: true });
    const again = await ask(product, { stream: true });
    expect(again.whole).toBe(true);
    expect(again.body).toBe(first.body);
    expect(valuesOf(again, 'content-type')).toEqual(['text/event-stream']);
  });

  test('for an upstream that is gone, after a spent deadline, and behind an open breaker', async () => {
    const main = await rawUpstream(async (connection, index) => {
      await connection.request();
      if (index === 0) connection.send(`${saying('hello').replace('\r\n', '\r\nConnection: close\r\n')}`);
      else if (index === 1) connection.reset();
    });
    const product = await sidecarTo({ main }, { cache: {}, deadline: '100ms', circuitBreaker: { failures: 2 } });
    for (let call = 0; call < 4; call += 1) expect(toldBy(await ask(product))).toEqual([200, 'hello']);
    const count = await counted(product, 4);
    expect(count('cache_requests_total{result="stale"}')).toBe(3);
    expect(count('timeouts_total{upstream="main",phase="deadline"}')).toBe(1);
    expect(count('circuit_refused_total{upstream="main"}')).toBe(1);
  });

  test('after the fallback, whose answers are kept for nothing better than that', async () => {
    const main = await rawUpstream(inTurn(busy));
    const spare = await rawUpstream(inTurn(saying('from the spare'), busy));
    const product = await sidecarTo(
      { main, spare },
      { cache: { mode: 'read-through', fresh: '1h', any: true }, fallback: [{ upstream: 'spare' }] },
    );
    expect(textOf(await ask(product))).toBe('from the spare');
    const again = await ask(product);
    expect(textOf(again)).toBe('from the spare');
    // The upstream that was asked for was asked again.
    expect([main.requests.length, spare.requests.length]).toEqual([2, 2]);
    expect(valuesOf(again, 'cache-status')).toEqual(['outrigger; hit; detail=stale-if-error']);
  });

  test('before a sentence', async () => {
    const main = await rawUpstream(inTurn(saying('hello'), busy));
    const product = await sidecarTo({ main }, { cache: {}, degrade: {} });
    await ask(product);
    expect(valuesOf(await ask(product), 'x-outrigger-degraded')).toEqual(['cache']);
    expect(valuesOf(await ask(product, { key: 'other' }), 'x-outrigger-degraded')).toEqual(['message']);
  });
});

describe('no stored answer is given', () => {
  test('to another caller', async () => {
    const main = await rawUpstream(inTurn(saying('hello'), busy));
    const product = await sidecarTo({ main }, { cache: {} });
    await ask(product, { key: 'one' });
    expect(statusOf(await ask(product, { key: 'two' }))).toBe(503);
  });

  test('in place of an error that is the caller’s own', async () => {
    const main = await rawUpstream(inTurn(saying('hello'), json('401 Unauthorized', { error: { message: 'wrong key' } })));
    const product = await sidecarTo({ main }, { cache: {} });
    await ask(product);
    expect(statusOf(await ask(product))).toBe(401);
  });
});

test('a read-through cache answers fresh ones without asking', async () => {
  const main = await rawUpstream(inTurn(saying('hello')));
  const product = await sidecarTo({ main }, { cache: { mode: 'read-through', fresh: '1h', any: true } });
  await ask(product);
  const again = await ask(product);
  expect(toldBy(again)).toEqual([200, 'hello']);
  expect(valuesOf(again, 'cache-status')).toEqual(['outrigger; hit']);
  expect(valuesOf(again, 'x-outrigger-degraded')).toEqual([]);
  expect(main.requests).toHaveLength(1);
  const [agentStack] = await api<{ policies: { name: string; state: unknown }[] }[]>(product, 'policies');
  expect(agentStack?.policies.map(({ name }) => name)).toEqual(['guarded', 'pause', 'cache']);
});

test('answers outlive a new configuration, but not another server under the same name, nor a set that keeps none', async () => {
  const main = await rawUpstream(inTurn(saying('hello'), busy));
  const other = await rawUpstream(inTurn(busy));
  const config = (url: string, policy: object) => ({
    upstreams: { main: { url, dialect: 'openai' } },
    policies: { llm: policy },
    routes: [{ path: '/', upstream: 'main', policy: 'llm' }],
  });
  const product = await reloadingSidecar(config(main.url, { cache: {} }));
  const statusNow = async () => statusOf(await ask(product));
  expect(await statusNow()).toBe(200);
  product.change(config(main.url, { cache: { maxEntry: '1MB' }, retry: { attempts: 1 } }));
  expect(await statusNow()).toBe(200);
  product.change(config(other.url, { cache: {} }));
  expect(await statusNow()).toBe(503);
  product.change(config(main.url, { cache: {} }));
  expect(await statusNow()).toBe(200);
  product.change(config(main.url, {}));
  expect(await statusNow()).toBe(503);
  product.change(config(main.url, { cache: {} }));
  expect(await statusNow()).toBe(503);
});
