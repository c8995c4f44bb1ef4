import { describe, expect, test } from 'vitest';
import { blackHole } from '../kit/black-hole.ts';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { chunk, http, lastChunk } from '../kit/http-text.ts';
import type { UpstreamConnection } from '../kit/raw-upstream.ts';
import { within } from '../kit/timing.ts';
import { json, ledgerOf, saying, toldBy } from '../policies-e2e/kit.ts';
import { chatCall, faulty, getCall, stage } from './kit.ts';

const retry = { attempts: 2, backoff: { base: '1ms' } };
const bulkhead = { concurrent: 1, queue: 0 };

/** Fails on its first request, and answers those after it. */
const failsOnce = (fails: (connection: UpstreamConnection) => void) =>
  faulty((connection, asked) => {
    if (asked > 0) {
      connection.send(saying('well again'));
      return 'next';
    }
    fails(connection);
    return undefined;
  });

describe('an attempt that meets this is made again, and counts once against its upstream', () => {
  const bytes = (text: string) => (connection: UpstreamConnection) => connection.send(text);
  const hopeless: [string, string, (connection: UpstreamConnection) => void][] = [
    ['a reset on a fresh connection', 'network', (connection) => connection.reset()],
    ['a FIN on a fresh connection', 'network', (connection) => connection.halfClose()],
    ['silence', 'timeout', () => {}],
    ['two Content-Length', 'network', bytes(http(['HTTP/1.1 200 OK', 'Content-Length: 3', 'Content-Length: 2'], 'abc'))],
    ['both framings', 'network', bytes(http(['HTTP/1.1 200 OK', 'Content-Length: 5', 'Transfer-Encoding: chunked'], lastChunk))],
    ['bytes of TLS', 'network', bytes('\x15\x03\x03\x00\x02\x02\x46')],
    ['20,000 interim responses', 'network', bytes(http(['HTTP/1.1 102 Processing']).repeat(20_000))],
    ['a field of 100 KB', 'network', bytes(http(['HTTP/1.1 200 OK', `X-A: ${'a'.repeat(100_000)}`, 'Content-Length: 0']))],
    ['a 101 that nobody asked for', 'network', bytes(http(['HTTP/1.1 101 Go', 'Upgrade: websocket', 'Connection: Upgrade']))],
    [
      'half a JSON and a reset',
      'network',
      (connection) => {
        connection.send(saying('half').slice(0, -20));
        setTimeout(() => connection.reset(), 20);
      },
    ],
  ];

  test.each(hopeless)('%s', async (_, verdict, fails) => {
    const policy = { retry, bulkhead, circuitBreaker: { failures: 2 }, timeout: { answer: '150ms' } };
    const it = await stage({ main: failsOnce(fails), policy });
    const answer = await within(2_000, (await it.agent(chatCall())).response(), 'an answer');
    expect(toldBy(answer)).toEqual([200, 'well again']);
    expect(ledgerOf(answer)?.replace(/;phase=\w+/, '')).toBe(`main/gpt-large;verdict=${verdict}, main/gpt-large;verdict=ok`);
    const counted = await it.aftermath({ retried: 1 });
    expect(counted(`attempts_total{upstream="main",verdict="${verdict}"}`)).toBe(1);
    expect(counted('circuit_state{upstream="main"}')).toBe(0);
  });
});

test('a kept connection that dies under a call is replaced at once, without a retry and without a mark against the upstream', async () => {
  let onIt = 0;
  const main = faulty((connection, asked) => {
    if (asked === 1) {
      connection.reset();
      return undefined;
    }
    onIt += 1;
    connection.send(saying('hello'));
    return 'next';
  });
  const it = await stage({ main, policy: { retry, bulkhead, circuitBreaker: { failures: 1 } } });
  for (let call = 0; call < 2; call += 1) {
    const answer = await (await it.agent(chatCall())).response();
    expect(toldBy(answer)).toEqual([200, 'hello']);
    expect(ledgerOf(answer)).toBe('main/gpt-large;verdict=ok');
  }
  expect(onIt).toBe(2);
  const counted = await it.aftermath({ ok: 2 });
  expect(counted('socket_resent_total{upstream="main"}')).toBe(1);
  expect(counted('circuit_state{upstream="main"}')).toBe(0);
  expect(counted('attempts_total{upstream="main",verdict="network"}') ?? 0).toBe(0);
});

test.each([
  ['reset', (connection: UpstreamConnection) => connection.reset()],
  ['closed', (connection: UpstreamConnection) => connection.halfClose()],
])(
  'an answer whose connection is %s within its body is broken for the agent, counts for the breaker and is not stored',
  async (_, leave) => {
    const main = faulty((connection) => {
      connection.send(http(['HTTP/1.1 200 OK', 'Content-Type: text/plain', 'Transfer-Encoding: chunked']) + chunk('half of it'));
      // What is sent right before a reset may be lost with it.
      setTimeout(() => leave(connection), 20);
      return undefined;
    });
    const cache = { mode: 'read-through', fresh: '1h', any: true };
    const it = await stage({ main, upstream: { dialect: 'http' }, policy: { retry, bulkhead, cache, circuitBreaker: { failures: 2 } } });
    for (let call = 0; call < 2; call += 1) {
      const answer = await within(1_000, (await it.agent(getCall())).response(), 'the end');
      expect([answer.body, answer.whole]).toEqual(['half of it', false]);
    }
    expect(it.main.requests).toHaveLength(2);
    const counted = await it.aftermath({ 'upstream-error': 2 }, 'elsewhere');
    expect(counted('cache_requests_total{result="stored"}') ?? 0).toBe(0);
    expect(counted('streams_broken_total{upstream="main"}')).toBe(2);
    expect(counted('circuit_state{upstream="main"}')).toBe(2);
  },
);

test('more bytes than the Content-Length are not given to anybody, and the connection is not kept', async () => {
  const main = faulty((connection) => {
    connection.send(`${saying('exact')}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`);
    return undefined;
  });
  const it = await stage({ main, policy: { retry, bulkhead, circuitBreaker: { failures: 1 } } });
  for (let call = 0; call < 3; call += 1) {
    const answer = await (await it.agent(chatCall())).response();
    expect([...toldBy(answer), answer.whole]).toEqual([200, 'exact', true]);
  }
  expect(it.main.connections).toHaveLength(3);
  await it.aftermath({ ok: 3 });
});

describe('silence costs exactly the limits that are set', () => {
  const firstByte = 150;
  test.each([
    ['no byte at all', () => {}],
    [
      'a head that comes byte by byte',
      (connection: UpstreamConnection) => {
        let at = 0;
        const head = `HTTP/1.1 200 OK\r\nX-Slow: ${'a'.repeat(10_000)}`;
        const timer = setInterval(() => connection.send(head[at++]!), 10);
        void connection.ended.then(() => clearInterval(timer));
      },
    ],
  ])('%s: each of two attempts has its own, and then the agent gets a 504', async (_, fails) => {
    const main = faulty((connection) => {
      fails(connection);
      return undefined;
    });
    const it = await stage({
      main,
      policy: { retry, bulkhead, circuitBreaker: { failures: 3 }, timeout: { firstByte: `${firstByte}ms` } },
    });
    const agent = await it.agent(chatCall(true));
    const askedAt = performance.now();
    expect(statusOf(await agent.response())).toBe(504);
    const tookMs = performance.now() - askedAt;
    expect(tookMs).toBeGreaterThan(2 * firstByte - 5);
    expect(tookMs).toBeLessThan(2 * firstByte + 100);
    const counted = await it.aftermath({ timeout: 1 });
    expect(counted('timeouts_total{upstream="main",phase="firstByte"}')).toBe(2);
  });
});

describe('an upstream that cannot be reached loses its calls to the fallback', () => {
  test.each(['http://127.0.0.1:1', 'http://nowhere.invalid'])('at once: %s', async (url) => {
    const spare = faulty((connection) => {
      connection.send(saying('from the spare'));
      return 'next';
    });
    const policy = { bulkhead, circuitBreaker: {}, fallback: [{ upstream: 'spare' }] };
    const it = await stage({ main: { url }, spare, policy });
    const answer = await within(2_000, (await it.agent(chatCall())).response(), 'an answer');
    expect(toldBy(answer)).toEqual([200, 'from the spare']);
    expect(it.spare.received).not.toContain('canary');
    const counted = await it.aftermath({ 'fell-back': 1 }, 'elsewhere');
    expect(counted('fallbacks_total{from="main",to="spare",reason="network"}')).toBe(1);
  });

  test('when the connect timeout is over where nothing answers the SYN', async () => {
    const spare = faulty((connection) => {
      connection.send(saying('from the spare'));
      return 'next';
    });
    const policy = { timeout: { connect: '200ms' }, bulkhead, circuitBreaker: {}, fallback: [{ upstream: 'spare' }] };
    const it = await stage({ main: await blackHole(), spare, policy });
    const agent = await it.agent(chatCall());
    const askedAt = performance.now();
    expect(toldBy(await agent.response())).toEqual([200, 'from the spare']);
    expect(performance.now() - askedAt).toBeLessThan(350);
    const counted = await it.aftermath({ 'fell-back': 1 }, 'elsewhere');
    expect(counted('timeouts_total{upstream="main",phase="connect"}')).toBe(1);
  });
});

describe('an answer in an encoding that would blow up passes as it came, and costs no memory', () => {
  test('1000 codings', async () => {
    const codings = `Content-Encoding: ${Array.from({ length: 1000 }, () => 'gzip').join(', ')}`;
    const bytes = json('200 OK', '{}', codings);
    const main = faulty((connection) => {
      connection.send(bytes);
      return 'next';
    });
    const it = await stage({ main, policy: { retry, circuitBreaker: { failures: 1 } } });
    const answer = await (await it.agent(chatCall())).response();
    expect([statusOf(answer), valuesOf(answer, 'content-encoding')[0]!.length, answer.body]).toEqual([200, 5998, '{}']);
    await it.aftermath({ ok: 1 });
  });
});
