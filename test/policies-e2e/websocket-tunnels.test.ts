import { expect, test } from 'vitest';
import { faulty, stage } from '../faults/kit.ts';
import { statusOf } from '../kit/http-message.ts';
import { http } from '../kit/http-text.ts';
import { exchange } from '../kit/raw-client.ts';
import { within } from '../kit/timing.ts';
import { type Fault, limitsFor } from './faults.ts';
import { agreed, askForSocket, closing, message } from './websocket-kit.ts';

const policies = {
  retry: { retry: { attempts: 3, backoff: { base: '1ms' } } },
  fallback: { fallback: [{ upstream: 'spare' }] },
  cache: { cache: { mode: 'read-through', fresh: '1h', any: true } },
  degrade: { degrade: {} },
} as const;

/** What an upstream does once the agent has its first message. */
const faults = {
  'a reset': { bytes: '', leaves: 'reset' },
  'an end': { bytes: '', leaves: 'fin' },
  'an end within a message': { bytes: message('half of it').slice(0, 5), leaves: 'fin' },
  'bytes that are no frame': { bytes: 'SSH-2.0-OpenSSH\r\n', leaves: 'stay' },
  'an HTTP error': { bytes: http(['HTTP/1.1 503 Service Unavailable', 'Content-Length: 0']), leaves: 'stay' },
  'a close for an error': { bytes: closing(1011), leaves: 'stay' },
  'a close to try again later': { bytes: closing(1013), leaves: 'stay' },
} as const satisfies Record<string, Fault>;

/** The code with which the agent sees it close, and how the call counts: a tunnel is what its two ends make of it. */
const expected: Record<keyof typeof faults, readonly [code: number, outcome: string]> = {
  'a reset': [1006, 'upstream-error'],
  'an end': [1006, 'ok'],
  'an end within a message': [1006, 'ok'],
  // The agent itself closes it, as it must by RFC 6455; its own error goes before what it is told.
  'bytes that are no frame': [1006, 'ok'],
  'an HTTP error': [1006, 'ok'],
  'a close for an error': [1011, 'ok'],
  'a close to try again later': [1013, 'ok'],
};

const rows = (Object.keys(faults) as (keyof typeof faults)[]).flatMap((name) =>
  (Object.keys(policies) as (keyof typeof policies)[]).map((policy) => [name, policy, ...expected[name], faults[name]] as const),
);

test.each(rows)(
  'a WebSocket that meets %s is, with %s, closed with %d and not made again (%s)',
  async (_, policy, code, outcome, fault) => {
    const seen = Promise.withResolvers<void>();
    const main = faulty(async (connection, _asked, head) => {
      connection.send(agreed(head) + message('begun'));
      await seen.promise;
      connection.send(fault.bytes);
      if (fault.leaves === 'reset') connection.reset();
      if (fault.leaves === 'fin') connection.halfClose();
      return undefined;
    });
    const it = await stage({
      main,
      policy: { circuitBreaker: { failures: 1 }, bulkhead: { concurrent: 1, queue: 0 }, ...policies[policy] },
    });
    const asked = await askForSocket(it.product);
    expect([asked.told, asked.ledger]).toEqual(['begun', 'main;verdict=ok']);
    seen.resolve();
    expect(await within(1_000, asked.closed, 'the close')).toBe(code);
    const counted = await it.aftermath({ [outcome]: 1 });
    expect(it.spare.requests).toHaveLength(0);
    // The tunnel’s and that of the ordinary call.
    expect(it.main.requests).toHaveLength(2);
    expect(counted('circuit_state{upstream="main"}')).toBe(0);
  },
);

test.each(Object.entries(policies))('a WebSocket that is silent is, with %s, left open beyond the limits of a call', async (_, policy) => {
  const main = faulty((connection, _asked, head) => {
    if (head.startLine.includes('/silent')) return undefined;
    connection.send(agreed(head) + message('begun'));
    connection.socket.on('data', (bytes) => connection.socket.write(bytes[0] === 0x89 ? '\x8a\x00' : closing(1000), 'latin1'));
    return undefined;
  });
  const it = await stage({
    main,
    policy: { timeout: { ...limitsFor(true), total: '300ms' }, bulkhead: { concurrent: 2, queue: 0 }, ...policy },
  });
  const { socket, closed } = await askForSocket(it.product);
  // As long as every limit lasts, from now on.
  const limited = await exchange(it.product.proxy, http(['POST /silent HTTP/1.1', 'Host: sidecar', 'Content-Length: 0']));
  expect(statusOf(limited)).toBe(504);
  const pong = Promise.withResolvers<void>();
  socket.once('pong', () => pong.resolve());
  socket.ping();
  await within(1_000, pong.promise, 'the pong');
  socket.close(1000);
  expect(await within(1_000, closed, 'the close')).toBe(1000);
  await it.aftermath({ ok: 1, timeout: 1 });
});
