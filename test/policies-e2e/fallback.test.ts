import { describe, expect, test } from 'vitest';
import { chat, eventStream } from '../clients/events.ts';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { http, lastChunk } from '../kit/http-text.ts';
import { exchange, rawClient } from '../kit/raw-client.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { api, ask, asking, busy, counted, inTurn, json, ledgerOf, saying, sidecarTo, streaming, toldBy } from './kit.ts';

const toSpare = { fallback: [{ upstream: 'spare', model: 'llama-4' }] };
const quota = json('429 Too Many Requests', {
  error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' },
});

interface StackView {
  stack: string;
  policies: { name: string; state: { models?: object } }[];
}

/** What a request carried beside what belongs to the connection. */
const fieldsOf = ({ headerLines }: { headerLines: readonly string[] }) => headerLines.filter((line) => !/^(host|connection):/i.test(line));

describe('a call whose upstream is overloaded', () => {
  test('moves to another one, with the body changed in its model only and none of the agent’s credentials', async () => {
    const main = await rawUpstream(inTurn(busy));
    const spare = await rawUpstream(inTurn(saying('hello')));
    const product = await sidecarTo({ main, spare }, toSpare);

    const answer = await ask(product, { headerLines: ['x-api-key: agent-key', 'Cookie: a=agent-key', 'OpenAI-Organization: agent-org'] });

    expect(toldBy(answer)).toEqual([200, 'hello']);
    expect(ledgerOf(answer)).toBe('main/gpt-large;verdict=overloaded, spare/llama-4;verdict=ok');
    expect(spare.requests[0]!.body).toBe(main.requests[0]!.body.replace('"gpt-large"', '"llama-4"'));
    expect(main.received).toContain('agent-key');
    expect(spare.received).not.toMatch(/agent-key|agent-org/);
    expect(fieldsOf(spare.requests[0]!)).toEqual([
      'Content-Type: application/json',
      'authorization: Bearer spare-key',
      'content-length: 114',
    ]);
    const count = await counted(product, 1);
    expect(count('fallbacks_total{from="main",to="spare/llama-4",reason="overloaded"}')).toBe(1);
    expect(count('requests_total{upstream="main",route="/",outcome="fell-back"}')).toBe(1);
    expect(count('attempts_total{upstream="spare",verdict="ok"}')).toBe(1);
  });

  test('is retried first where that is configured', async () => {
    const main = await rawUpstream(inTurn(busy));
    const spare = await rawUpstream(inTurn(saying('hello')));
    const product = await sidecarTo({ main, spare }, { ...toSpare, retry: { attempts: 2, backoff: { base: '1ms' } } });
    const answer = await ask(product);
    expect(toldBy(answer)).toEqual([200, 'hello']);
    expect(ledgerOf(answer)).toBe('main/gpt-large;verdict=overloaded, main/gpt-large;verdict=overloaded, spare/llama-4;verdict=ok');
  });

  test('gets the upstream’s own error if nobody does better', async () => {
    const main = await rawUpstream(inTurn(busy));
    const spare = await rawUpstream(inTurn(json('401 Unauthorized', { error: { message: 'spare does not know you', type: 'x' } })));
    const product = await sidecarTo({ main, spare }, toSpare);
    const answer = await ask(product);
    expect(statusOf(answer)).toBe(503);
    expect(answer.body).toContain('busy');
    expect(valuesOf(answer, 'x-should-retry')).toEqual(['false']);
    const count = await counted(product, 1);
    expect(count('fallbacks_exhausted_total{upstream="main"}')).toBe(1);
    expect(count('fallbacks_exhausted_total{upstream="spare"}')).toBe(0);
  });
});

test('a call whose quota is spent moves without a retry', async () => {
  const main = await rawUpstream(inTurn(quota));
  const spare = await rawUpstream(inTurn(saying('hello')));
  const product = await sidecarTo({ main, spare }, { ...toSpare, retry: {} });
  expect(toldBy(await ask(product))).toEqual([200, 'hello']);
  expect(main.requests).toHaveLength(1);
  expect((await counted(product, 1))('fallbacks_total{from="main",to="spare/llama-4",reason="quota-exhausted"}')).toBe(1);
});

test('a call with a wrong key stays where it is', async () => {
  const main = await rawUpstream(inTurn(json('401 Unauthorized', { error: { message: 'wrong key', type: 'authentication_error' } })));
  const spare = await rawUpstream(inTurn(saying('hello')));
  const answer = await ask(await sidecarTo({ main, spare }, toSpare));
  expect([statusOf(answer), spare.requests.length]).toEqual([401, 0]);
});

test('an upstream whose breaker is open is not asked: its calls move at once, and are counted as refused', async () => {
  const main = await rawUpstream(inTurn(busy));
  const spare = await rawUpstream(inTurn(saying('hello')));
  const product = await sidecarTo({ main, spare }, { ...toSpare, circuitBreaker: { failures: 1 } });
  await ask(product);
  const answer = await ask(product);
  expect(toldBy(answer)).toEqual([200, 'hello']);
  expect(ledgerOf(answer)).toBe('main;verdict=refused, spare/llama-4;verdict=ok');
  expect([main.requests.length, spare.requests.length]).toEqual([1, 2]);
  const count = await counted(product, 2);
  expect(count('fallbacks_total{from="main",to="spare/llama-4",reason="refused"}')).toBe(1);
  expect(count('circuit_state{upstream="main"}')).toBe(2);
});

test('a target whose breaker is open is skipped, and seen to be open although no route leads to it', async () => {
  const main = await rawUpstream(inTurn(busy));
  const spare = await rawUpstream(inTurn(busy));
  const last = await rawUpstream(inTurn(saying('hello')));
  const product = await sidecarTo(
    { main, spare, last },
    { fallback: [{ upstream: 'spare' }, { upstream: 'last' }], circuitBreaker: { failures: 2 } },
  );
  await ask(product);
  await ask(product);
  const answer = await ask(product);
  expect(ledgerOf(answer)).toBe('main;verdict=refused, spare;skipped="circuit open", last/gpt-large;verdict=ok');
  expect(spare.requests).toHaveLength(2);
  const count = await counted(product, 3);
  expect(count('targets_skipped_total{upstream="spare"}')).toBe(1);
  expect(count('circuit_state{upstream="spare"}')).toBe(2);
  const upstreams = await api<{ name: string; circuit: string }[]>(product, 'upstreams');
  expect(upstreams.map(({ name, circuit }) => [name, circuit])).toEqual([
    ['main', 'open'],
    ['spare', 'open'],
    ['last', 'closed'],
  ]);
});

test('each model that an entry of any policy set or agent names has a circuit of its own', async () => {
  const main = await rawUpstream(inTurn(saying('hello')));
  const agents = { planner: { fallback: [{ model: 'tiny' }] } };
  const product = await sidecarTo({ main }, { fallback: [{ model: 'small' }], circuitBreaker: { per: 'model' } }, { agents });
  const stacks = await api<StackView[]>(product, 'policies');
  const circuits = stacks.flatMap(({ policies }) => policies.filter(({ name }) => name === 'circuitBreaker').map(({ state }) => state));
  expect(circuits.length).toBeGreaterThan(1);
  for (const { models } of circuits) expect(Object.keys(models ?? {})).toEqual(['small', 'tiny']);
});

describe('a stream', () => {
  test('moves as long as the agent has seen nothing of it', async () => {
    const main = await rawUpstream(inTurn(eventStream + chat.role + chat.error + lastChunk));
    const spare = await rawUpstream(inTurn(streaming('hello')));
    const answer = await ask(await sidecarTo({ main, spare }, toSpare), { stream: true });
    expect(answer.whole).toBe(true);
    expect(answer.body).not.toContain('server_error');
    expect(answer.body).toBe((await direct(spare)).body);
    expect(ledgerOf(answer)).toBe('main/gpt-large;verdict=server-error, spare/llama-4;verdict=ok');
  });

  test('stays where it is once the agent has seen some of it', async () => {
    const main = await rawUpstream(async (connection) => {
      await connection.request();
      connection.send(eventStream + chat.role + chat.text('Hel'));
      await seen.promise;
      connection.halfClose();
    });
    const seen = Promise.withResolvers<void>();
    const spare = await rawUpstream(inTurn(streaming('hello')));
    const product = await sidecarTo({ main, spare }, toSpare);
    const agent = await rawClient(product.proxy);
    agent.send(asking({ stream: true }));
    await agent.seen('Hel');
    seen.resolve();
    const answer = await agent.response();
    expect([statusOf(answer), answer.whole, spare.requests.length]).toEqual([200, false, 0]);
  });

  const direct = ({ port }: { port: number }) => exchange({ host: '127.0.0.1', port }, asking({ stream: true }));
});

test('a WebSocket moves by its handshake, without the subprotocols that may hold a key', async () => {
  const handshake = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'];
  const main = await rawUpstream(inTurn(busy));
  const spare = await rawUpstream(async (connection) => {
    await connection.requestHead();
    connection.send(http(['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Accept: x']));
    connection.send('ready');
  });
  const product = await sidecarTo({ main, spare }, { fallback: [{ upstream: 'spare' }] });
  const agent = await rawClient(product.proxy);
  agent.send(
    http([
      'GET /v1/realtime HTTP/1.1',
      'Host: a',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Authorization: Bearer agent-key',
      ...handshake,
      'Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.agent-key',
    ]),
  );
  const head = await agent.responseHead();
  expect(statusOf(head)).toBe(101);
  expect(await agent.seen('ready')).toBe(true);
  expect(spare.received).toContain(handshake.join('\r\n'));
  expect(spare.received).toContain('Bearer spare-key');
  expect(spare.received).not.toContain('agent-key');
});

test('in observe mode the move is told and not made', async () => {
  const main = await rawUpstream(inTurn(busy));
  const spare = await rawUpstream(inTurn(saying('hello')));
  const product = await sidecarTo({ main, spare }, { fallback: [{ upstream: 'spare', observe: true }] });
  expect(statusOf(await ask(product))).toBe(503);
  expect(spare.requests).toHaveLength(0);
  expect((await counted(product, 1))('would_total{kind="fallback"}')).toBe(1);
});

test('the API tells the targets and how their models have done', async () => {
  const main = await rawUpstream(inTurn(busy));
  const spare = await rawUpstream(inTurn(saying('hello')));
  const product = await sidecarTo({ main, spare }, toSpare);
  await ask(product);
  await counted(product, 1);
  const stacks = await api<StackView[]>(product, 'policies');
  const agentStack = stacks.find(({ stack }) => stack === 'agent')!;
  expect(agentStack.policies.map(({ name }) => name)).toEqual(['guarded', 'pause', 'fallback', 'modelHealth']);
  expect(agentStack.policies[2]!.state).toMatchObject({
    targets: [{ upstream: 'spare', model: 'llama-4', shut: false }],
    health: [
      { upstream: 'main', model: 'gpt-large', attempts: 1, successRatio: 0 },
      { upstream: 'spare', model: 'llama-4', attempts: 1, successRatio: 1 },
    ],
  });
});
