import { expect, test } from 'vitest';
import type { z } from 'zod';
import { failure } from '../../src/core/failure.ts';
import { createRetry, retrySettings } from '../../src/policies/retry.ts';
import { RetryBudget } from '../../src/policies/retry-budget.ts';
import { context, exchange, openTunnel, script, type TestContext, wholeReply } from './kit.ts';

const retry = (overrides: z.input<typeof retrySettings>, given: TestContext) =>
  createRetry(retrySettings.parse({ backoff: { jitter: 'none' }, ...overrides }), given);

const unavailable = (retryAfterMs?: number) => wholeReply({ verdict: 'overloaded', status: 503, retryAfterMs });

test('a tunnel that opens at once is handed up as it is', async () => {
  const { tunnel } = openTunnel();
  expect(await retry({}, context()).run(exchange(), script(tunnel))).toBe(tunnel);
});

test('who leaves during the wait after a request that was never sent is told so', async () => {
  const given = context();
  const call = exchange();
  const outcome = retry({}, given).run(call, script(failure('upstream_unreachable', 'no connection', { sent: 'no' })));
  await given.clock.advance(100);
  call.hangUp();
  expect(await outcome).toMatchObject({ verdict: 'cancelled', sent: 'no' });
});

test.each([
  [undefined, '0ms', 'computed', 0],
  [500, '500ms', 'computed', 500],
  [501, '500ms', 'retry-after', 501],
] as const)('a wait of %s ms that was asked for and %s of our own is told as %s', async (asked, base, source, waitMs) => {
  const given = context();
  const call = exchange();
  const outcome = retry({ backoff: { strategy: 'fixed', base, jitter: 'none' } }, given).run(
    call,
    script(unavailable(asked), wholeReply()),
  );
  await given.clock.advance(1000);
  await outcome;
  expect(call.noted('retry')).toMatchObject([{ source, waitMs }]);
});

test('a retry that is sent less than ten seconds before one that waits already takes of the same budget', async () => {
  const { clock } = context();
  const budget = new RetryBudget(clock);
  const limits = { ratio: 0, minimum: 1 };
  await clock.advance(900);
  expect(budget.reserve(9200, limits)).toBeDefined();
  expect(budget.reserve(0, limits)).toBeUndefined();
});
