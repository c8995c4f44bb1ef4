import { describe, expect, test } from 'vitest';
import { statusOf } from '../kit/http-message.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { reloadingSidecar } from '../life/reloading-sidecar.ts';
import { api, ask, counted, inTurn, ledgerOf, saying, sidecarTo, streaming, textOf, toldBy } from './kit.ts';

const chaos = (...faults: object[]) => ({ enabled: true, seed: 7, faults });

describe('an injected fault', () => {
  test('stands in the ledger and in a metric of its own, and is judged like a real one', async () => {
    const main = await rawUpstream(inTurn(saying('hello')));
    const spare = await rawUpstream(inTurn(saying('from the spare')));
    const policy = { chaos: chaos({ kind: 'status', status: 529, model: 'gpt-*' }), fallback: [{ upstream: 'spare', model: 'llama' }] };
    const product = await sidecarTo({ main, spare }, policy);
    const answer = await ask(product);
    expect(toldBy(answer)).toEqual([200, 'from the spare']);
    expect(ledgerOf(answer)).toBe('main/gpt-large;verdict=overloaded;fault=status, spare/llama;verdict=ok');
    expect(main.requests).toHaveLength(0);
    const count = await counted(product, 1);
    expect(count('faults_injected_total{upstream="main",fault="status"}')).toBe(1);
    expect(count('faults_injected_total{upstream="spare",fault="status"}')).toBe(0);
    expect(count('fallbacks_total{from="main",to="spare/llama",reason="overloaded"}')).toBe(1);
  });

  test('may be one of several of an attempt', async () => {
    const main = await rawUpstream(inTurn(saying('hello')));
    const product = await sidecarTo(
      { main },
      { chaos: chaos({ kind: 'delay', for: '1ms' }, { kind: 'refuse' }), retry: { attempts: 2, backoff: { base: '1ms' } } },
    );
    const answer = await ask(product);
    expect(statusOf(answer)).toBe(502);
    expect(ledgerOf(answer)).toBe('main/gpt-large;verdict=network;fault=delay+refuse, main/gpt-large;verdict=network;fault=delay+refuse');
  });

  test('opens a breaker, and is not learned from', async () => {
    const main = await rawUpstream(inTurn(saying('hello')));
    const policy = { chaos: chaos({ kind: 'reset' }), circuitBreaker: { failures: 1 }, fallback: [{ model: 'small' }] };
    const product = await sidecarTo({ main }, policy);
    expect(statusOf(await ask(product))).toBe(502);
    expect((await counted(product, 1))('circuit_state{upstream="main"}')).toBe(2);
    const [{ policies }] = (await api<{ policies: { name: string; state: { health: object[] } }[] }[]>(product, 'policies')) as [
      { policies: { name: string; state: { health: object[] } }[] },
    ];
    expect(policies.find(({ name }) => name === 'fallback')?.state.health).toEqual([]);
  });

  test('breaks a stream that has begun', async () => {
    const main = await rawUpstream(inTurn(streaming('hello')));
    const product = await sidecarTo({ main }, { chaos: chaos({ kind: 'cut', after: 2 }) });
    const answer = await ask(product, { stream: true });
    expect([statusOf(answer), answer.whole, textOf(answer)]).toEqual([200, false, 'hello']);
    expect(ledgerOf(answer)).toBe('main/gpt-large;verdict=ok;fault=cut');
    expect((await counted(product, 1))('streams_broken_total{upstream="main"}')).toBe(1);
  });

  test('in observe mode is told and not made', async () => {
    const main = await rawUpstream(inTurn(saying('hello')));
    const product = await sidecarTo({ main }, { chaos: { ...chaos({ kind: 'reset' }), observe: true } });
    const answer = await ask(product);
    expect(toldBy(answer)).toEqual([200, 'hello']);
    expect(ledgerOf(answer)).toBe('main/gpt-large;verdict=ok');
    const count = await counted(product, 1);
    expect(count('would_total{kind="fault-injected"}')).toBe(1);
    expect(count('faults_injected_total{upstream="main",fault="reset"}')).toBe(0);
  });
});

test('faults that are not enabled are not there', async () => {
  const main = await rawUpstream(inTurn(saying('hello')));
  const product = await sidecarTo({ main }, { chaos: { faults: [{ kind: 'reset' }] } });
  expect(toldBy(await ask(product))).toEqual([200, 'hello']);
  const stacks = await api<{ policies: { name: string }[] }[]>(product, 'policies');
  expect(stacks.flatMap(({ policies }) => policies.map(({ name }) => name))).toEqual(['guarded', 'pause', 'gate']);
});

test('faults are switched on while the sidecar runs, and the log warns of it', async () => {
  const main = await rawUpstream(inTurn(saying('hello')));
  const config = (enabled: boolean) => ({
    upstreams: { main: { url: main.url, dialect: 'openai' } },
    policies: { llm: { chaos: { enabled, faults: [{ kind: 'status' }] } } },
    routes: [{ path: '/', upstream: 'main', policy: 'llm' }],
  });
  const product = await reloadingSidecar(config(false));
  expect(statusOf(await ask(product))).toBe(200);
  product.change(config(true));
  expect(statusOf(await ask(product))).toBe(503);
  const warning = product.lines.find(({ msg }) => String(msg).startsWith('faults are injected into calls on purpose'));
  expect(warning).toMatchObject({ level: 'warn', where: expect.stringMatching(/^configuration:1:\d+ policies\.llm\.chaos\.enabled$/) });
});
