import { describe, expect, test } from 'vitest';
import { blackHole } from '../kit/black-hole.ts';
import { statusOf } from '../kit/http-message.ts';
import type { RawClient } from '../kit/raw-client.ts';
import type { UpstreamConnection } from '../kit/raw-upstream.ts';
import { eventually, within } from '../kit/timing.ts';
import { begun } from '../policies-e2e/faults.ts';
import { busy, saying, toldBy } from '../policies-e2e/kit.ts';
import { chatCall, faulty, stage } from './kit.ts';

/** One failure would open the circuit, and there is one place. */
const strict = { circuitBreaker: { failures: 1 }, bulkhead: { concurrent: 1, queue: 1, wait: '5s' } };
const retry = { attempts: 3, backoff: { base: '300ms', jitter: 'none' } };
const ways = { FIN: (agent: RawClient) => agent.close(), RST: (agent: RawClient) => agent.reset() };
const bothWays = Object.keys(ways) as (keyof typeof ways)[];

/** An answer behind which the connection is not used again. */
const last = (text: string) => saying(text).replace('\r\n', '\r\nConnection: close\r\n');

/** A sidecar whose upstream does this with each call; the connection of the first one, once it has come. */
async function staged(acts: (connection: UpstreamConnection) => void, policy: Record<string, unknown> = strict) {
  const { promise: first, resolve } = Promise.withResolvers<UpstreamConnection>();
  const main = faulty((connection) => {
    acts(connection);
    resolve(connection);
    return undefined;
  });
  return { it: await stage({ main, policy: { retry, ...policy } }), first };
}

describe.each(bothWays)('an agent that leaves by %s is told of as cancelled, tried no more and held against nobody', (how) => {
  test('before the head', async () => {
    const { it, first } = await staged(() => {});
    const agent = await it.agent(chatCall());
    const connection = await first;
    ways[how](agent);
    await within(100, connection.ended, 'the end of the upstream side');
    const counted = await it.aftermath({ cancelled: 1 });
    expect(counted('circuit_state{upstream="main"}')).toBe(0);
    expect(counted('retries_total{upstream="main",reason="network"}') ?? 0).toBe(0);
  });

  test('in its upload', async () => {
    const { it } = await staged(() => {});
    const agent = await it.agent(chatCall().slice(0, -10));
    await eventually('the upstream has the head', () => it.main.received.includes('POST'));
    const connection = await it.main.connection(0);
    ways[how](agent);
    await within(100, connection.ended, 'the end of the upstream side');
    // A FIN within a request is a request that is cut, and the agent may still read that it is.
    const counted = await it.aftermath({ [how === 'FIN' ? 'client-error' : 'cancelled']: 1 });
    expect(counted('circuit_state{upstream="main"}')).toBe(0);
  });

  test('in a backoff', async () => {
    const main = faulty((connection) => {
      connection.send(busy);
      return 'next';
    });
    const it = await stage({ main, policy: { retry, bulkhead: strict.bulkhead, circuitBreaker: { failures: 2 } } });
    const agent = await it.agent(chatCall());
    const asked = () => it.main.requests.filter(({ startLine }) => startLine.startsWith('POST')).length;
    await eventually(
      'the first attempt is over',
      async () => asked() === 1 && (await it.metrics())('bulkhead_in_use{upstream="main"}') === 0,
    );
    ways[how](agent);
    const counted = await it.aftermath({ cancelled: 1 });
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(asked()).toBe(1);
    expect(counted('retries_total{upstream="main",reason="overloaded"}')).toBe(0);
    expect(counted('retry_budget_used_ratio{upstream="main"}')).toBe(0);
  });

  test('in the queue of the bulkhead', async () => {
    const { it, first } = await staged(() => {});
    const holder = await it.agent(chatCall());
    const connection = await first;
    const leaver = await it.agent(chatCall());
    await eventually('it waits', async () => (await it.metrics())('bulkhead_queue_length{upstream="main"}') === 1);
    ways[how](leaver);
    await eventually('it waits no more', async () => (await it.metrics())('bulkhead_queue_length{upstream="main"}') === 0, 1_000);
    connection.send(last('held'));
    expect(toldBy(await holder.response())).toEqual([200, 'held']);
    const counted = await it.aftermath({ ok: 1, cancelled: 1 });
    expect(counted('circuit_state{upstream="main"}')).toBe(0);
    expect(it.main.requests.filter(({ startLine }) => startLine.startsWith('POST'))).toHaveLength(1);
  });

  test('while no connection comes about', async () => {
    const it = await stage({ main: await blackHole(), policy: { retry, ...strict, timeout: { connect: '30s' } } });
    const agent = await it.agent(chatCall());
    await eventually('it has its place', async () => (await it.metrics())('bulkhead_in_use{upstream="main"}') === 1);
    ways[how](agent);
    await eventually('its place is free', async () => (await it.metrics())('bulkhead_in_use{upstream="main"}') === 0, 500);
    const counted = await it.aftermath({ cancelled: 1 }, 'elsewhere');
    expect(counted('circuit_state{upstream="main"}')).toBe(0);
  });
});

/** So many agents leave within a stream, one after the other; there is one place for them. */
async function leaveStreams(how: keyof typeof ways, calls: number): Promise<void> {
  const { it } = await staged((connection) => connection.send(begun));
  for (let call = 0; call < calls; call += 1) {
    const agent = await it.agent(chatCall(true));
    expect(await agent.seen('begun')).toBe(true);
    ways[how](agent);
  }
  const counted = await it.aftermath({ cancelled: calls });
  expect(counted('circuit_state{upstream="main"}')).toBe(0);
  expect(counted('streams_broken_total{upstream="main"}')).toBe(0);
}

describe('agents that leave within a stream are told of as cancelled, held against nobody, and leave their place to the next', () => {
  test('by FIN', () => leaveStreams('FIN', 100));

  test('by RST', () => leaveStreams('RST', 100));
});

test('a call that finds no place is told so, and is no failure of the upstream', async () => {
  const { it, first } = await staged(() => {}, { ...strict, bulkhead: { concurrent: 1, queue: 0 } });
  const holder = await it.agent(chatCall());
  const connection = await first;
  const refused = await (await it.agent(chatCall())).response();
  expect([statusOf(refused), refused.body.includes('bulkhead_full')]).toEqual([503, true]);
  connection.send(last('held'));
  expect(toldBy(await holder.response())).toEqual([200, 'held']);
  const counted = await it.aftermath({ ok: 1, refused: 1 });
  expect(counted('bulkhead_rejected_total{upstream="main",reason="full"}') ?? 'no such reason').toBe(1);
  expect(counted('circuit_state{upstream="main"}')).toBe(0);
});
