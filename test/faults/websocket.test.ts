import { describe, expect, test } from 'vitest';
import { statusOf, valuesOf } from '../kit/http-message.ts';
import { http } from '../kit/http-text.ts';
import type { RawClient } from '../kit/raw-client.ts';
import type { UpstreamConnection } from '../kit/raw-upstream.ts';
import { within } from '../kit/timing.ts';
import { busy } from '../policies-e2e/kit.ts';
import { faulty, getCall, stage } from './kit.ts';

const upgrade = getCall(
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
);
const agreed = http(['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: x']);
const retry = { attempts: 3, backoff: { base: '1ms' } };
const onePlace = { concurrent: 1, queue: 0 };

describe('a WebSocket whose upgrade', () => {
  test('is refused with 503 is asked for again, and the tunnel holds one place', async () => {
    const main = faulty((connection, asked) => {
      connection.send(asked === 0 ? busy : agreed);
      return asked === 0 ? 'next' : undefined;
    });
    const it = await stage({ main, policy: { retry, circuitBreaker: {}, bulkhead: onePlace } });
    const agent = await it.agent(upgrade);
    expect(statusOf(await agent.responseHead())).toBe(101);
    const now = await it.metrics();
    expect(now('bulkhead_in_use{upstream="main"}')).toBe(1);
    agent.close();
    const counted = await it.aftermath({ retried: 1 });
    expect(counted('retries_total{upstream="main",reason="overloaded"}')).toBe(1);
  });

  test.each([
    ['a reset', (connection: UpstreamConnection) => connection.reset()],
    ['a closed connection', (connection: UpstreamConnection) => connection.halfClose()],
    ['no HTTP', (connection: UpstreamConnection) => connection.send('SSH-2.0-OpenSSH\r\n')],
    ['silence', () => undefined],
  ])('meets %s is asked for again', async (_, fails) => {
    const main = faulty((connection, asked) => {
      if (asked === 0) fails(connection);
      else connection.send(agreed);
      return undefined;
    });
    const it = await stage({ main, policy: { retry, timeout: { firstByte: '80ms' }, bulkhead: onePlace } });
    const agent = await it.agent(upgrade);
    expect(statusOf(await within(1_000, agent.responseHead(), 'the upgrade'))).toBe(101);
    agent.close();
    await it.aftermath({ retried: 1 });
  });

  test('is refused each time is told so by the upstream itself, opens the circuit, and is then not asked for', async () => {
    const main = faulty((connection) => {
      connection.send(busy);
      return 'next';
    });
    const it = await stage({ main, policy: { retry: { ...retry, attempts: 2 }, circuitBreaker: { failures: 2 }, bulkhead: onePlace } });
    const first = await (await it.agent(upgrade)).response();
    expect([statusOf(first), first.body.includes('busy')]).toEqual([503, true]);
    const second = await (await it.agent(upgrade)).response();
    expect([statusOf(second), second.body.includes('circuit_open')]).toEqual([503, true]);
    expect(Number(valuesOf(second, 'retry-after')[0])).toBeGreaterThan(0);
    expect(it.main.requests).toHaveLength(2);
    const counted = await it.aftermath({ 'upstream-error': 1, refused: 1 }, 'elsewhere');
    expect(counted('circuit_state{upstream="main"}')).toBe(2);
  });

  test('is given up by its agent counts as cancelled, and against nobody', async () => {
    const asked = Promise.withResolvers<UpstreamConnection>();
    const main = faulty((connection) => {
      asked.resolve(connection);
      return undefined;
    });
    const it = await stage({ main, policy: { retry, circuitBreaker: { failures: 1 }, bulkhead: onePlace } });
    const agent = await it.agent(upgrade);
    const connection = await asked.promise;
    agent.close();
    await within(100, connection.ended, 'the end of the upstream side');
    const counted = await it.aftermath({ cancelled: 1 });
    expect(counted('circuit_state{upstream="main"}')).toBe(0);
    expect(it.main.requests).toHaveLength(2);
  });
});

describe('a tunnel frees its place and is not made again when', () => {
  type Side = RawClient | UpstreamConnection;
  test.each<[string, 'agent' | 'upstream', (side: Side) => void, string]>([
    ['the upstream resets it', 'upstream', (side) => side.reset(), 'upstream-error'],
    ['the upstream closes it', 'upstream', (side) => side.halfClose(), 'ok'],
    ['the agent resets it', 'agent', (side) => side.reset(), 'ok'],
    ['the agent closes it', 'agent', (side) => side.halfClose(), 'ok'],
  ])('%s', async (_, who, leave, outcome) => {
    const opened = Promise.withResolvers<UpstreamConnection>();
    const main = faulty((connection) => {
      connection.send(`${agreed}ready`);
      opened.resolve(connection);
      return undefined;
    });
    const it = await stage({ main, policy: { retry, circuitBreaker: {}, bulkhead: onePlace } });
    const agent = await it.agent(upgrade);
    expect(await agent.seen('ready')).toBe(true);
    const connection = await opened.promise;
    leave(who === 'agent' ? agent : connection);
    await within(1_000, Promise.all([agent.ended, connection.ended]), 'the end of both sides');
    const counted = await it.aftermath({ [outcome]: 1 });
    // The tunnel's and that of the ordinary call.
    expect(it.main.requests).toHaveLength(2);
    expect(counted('circuit_state{upstream="main"}')).toBe(0);
  });
});
