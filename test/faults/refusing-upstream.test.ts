import { describe, expect, test } from 'vitest';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { json, saying, toldBy } from '../policies-e2e/kit.ts';
import { chatCall, faulty, stage } from './kit.ts';

const limited = (...lines: string[]) =>
  json('429 Too Many Requests', { error: { message: 'slow down', type: 'rate_limit_error' } }, ...lines);
const overloaded = json('529 Overloaded', { error: { message: 'overloaded', type: 'overloaded_error' } });
const retry = { attempts: 2, backoff: { base: '1ms', jitter: 'none' } };
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();

describe('a 429 that names its wait', () => {
  test.each([
    ['seconds', ['Retry-After: 1'], 1000, 1500],
    ['milliseconds', ['retry-after-ms: 200', 'Retry-After: 9'], 200, 700],
    ['a date of its own clock', [`Date: ${inSeconds(-7200)}`, `Retry-After: ${inSeconds(-7199)}`], 1000, 1500],
    ['a date that is over', [`Retry-After: ${inSeconds(-60)}`], 0, 500],
    ['garbage', ['Retry-After: soon'], 0, 500],
    ['a negative number', ['Retry-After: -5'], 0, 500],
  ])('in %s is asked again then', async (_, lines, fromMs, toMs) => {
    const askedAt: number[] = [];
    const main = faulty((connection, asked) => {
      askedAt.push(performance.now());
      connection.send(asked === 0 ? limited(...lines) : saying('now'));
      return 'next';
    });
    const it = await stage({ main, policy: { retry } });
    expect(toldBy(await (await it.agent(chatCall())).response())).toEqual([200, 'now']);
    const [first = 0, second = 0] = askedAt;
    expect(second - first).toBeGreaterThanOrEqual(fromMs - 5);
    expect(second - first).toBeLessThan(toMs);
    await it.aftermath({ retried: 1 });
  });

  test('that is too long is not waited for: it is passed on as it came', async () => {
    const bytes = limited('Retry-After: 86400');
    const main = faulty((connection) => {
      connection.send(bytes);
      return 'next';
    });
    const it = await stage({ main, policy: { retry } });
    const answer = await (await it.agent(chatCall())).response();
    expect([statusOf(answer), valuesOf(answer, 'retry-after'), answer.body]).toEqual([429, ['86400'], bytes.split('\r\n\r\n')[1]]);
    const counted = await it.aftermath({ 'upstream-error': 1 });
    expect(counted('retries_given_up_total{upstream="main",why="retry-after"}')).toBe(1);
  });

  test('that is too long moves the call to the fallback at once', async () => {
    const main = faulty((connection) => {
      connection.send(limited('Retry-After: 86400'));
      return 'next';
    });
    const spare = faulty((connection) => {
      connection.send(saying('from the spare'));
      return 'next';
    });
    const it = await stage({ main, spare, policy: { retry, fallback: [{ upstream: 'spare' }] } });
    expect(toldBy(await (await it.agent(chatCall())).response())).toEqual([200, 'from the spare']);
    expect(it.spare.received).not.toContain('canary');
    await it.aftermath({ 'fell-back': 1 });
  });
});

describe('an upstream that refuses every call', () => {
  test('gets no more retries than a fifth of its calls and the minimum', async () => {
    const main = faulty((connection) => {
      connection.send(overloaded);
      return 'next';
    });
    const it = await stage({ main, policy: { retry: { ...retry, attempts: 3, budget: { ratio: '20%', minimum: 5 } } } });
    const answers = await Promise.all(Array.from({ length: 100 }, async () => (await it.agent(chatCall())).response()));
    for (const answer of answers) expect([statusOf(answer), answer.body.includes('overloaded_error')]).toEqual([529, true]);
    expect(it.main.requests.length).toBeGreaterThan(100);
    expect(it.main.requests.length).toBeLessThanOrEqual(125);
    const counted = await it.aftermath({ 'upstream-error': 100 });
    expect(counted('retries_total{upstream="main",reason="overloaded"}')).toBe(it.main.requests.length - 101);
  });

  test('is asked no more once its circuit is open, then by its probes only, and by all when it is well', async () => {
    let isWell = false;
    const main = faulty((connection) => {
      connection.send(isWell ? saying('well again') : overloaded);
      return 'next';
    });
    const it = await stage({ main, policy: { retry, circuitBreaker: { failures: 5, cooldown: '300ms', probes: 1 }, bulkhead: {} } });
    const chats = () => it.main.requests.filter(({ startLine }) => startLine.startsWith('POST')).length;
    const ask = async () => (await it.agent(chatCall())).response();
    for (let call = 0; call < 30; call += 1) await ask();
    expect(chats()).toBe(5);
    await new Promise((resolve) => setTimeout(resolve, 330));
    // All at once: one of them is the probe.
    const during = await Promise.all(Array.from({ length: 20 }, ask));
    expect(during.filter((answer) => statusOf(answer) === 529)).toHaveLength(1);
    expect(chats()).toBe(6);
    isWell = true;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(toldBy(await ask())).toEqual([200, 'well again']);
    for (let call = 0; call < 5; call += 1) expect(toldBy(await ask())).toEqual([200, 'well again']);
    const now = await it.metrics();
    expect(now('circuit_state{upstream="main"}')).toBe(0);
    const refused = now('requests_total{upstream="main",route="/",outcome="refused"}') ?? 0;
    const failed = now('requests_total{upstream="main",route="/",outcome="upstream-error"}') ?? 0;
    expect(refused + failed).toBe(50);
    await it.aftermath({ refused, 'upstream-error': failed, ok: 6 });
  });
});
