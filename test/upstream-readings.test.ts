import { expect, test } from 'vitest';
import { createRetry, retrySettings } from '../src/policies/retry.ts';
import { readUpstreams } from '../src/upstream-readings.ts';
import { context, exchange, script, wholeReply } from './policies/kit.ts';

const used = (given: ReturnType<typeof context>) =>
  [...readUpstreams(['main', 'spare'], [], given)].map(([name, { retryBudgetUsed }]) => [name, retryBudgetUsed]);

test('the share of a retry budget that is spent can be read for each upstream', async () => {
  const given = context();
  expect(used(given)).toEqual([
    ['main', 0],
    ['spare', 0],
  ]);
  const policy = createRetry(retrySettings.parse({ budget: { ratio: '0%', minimum: 4 } }), given);
  const outcome = policy.run(exchange(), script(wholeReply({ verdict: 'overloaded' }), wholeReply()));
  await given.clock.advance(1000);
  await outcome;
  expect(used(given)).toEqual([
    ['main', 0.25],
    ['spare', 0],
  ]);
  await given.clock.advance(11_000);
  expect(used(given)).toEqual([
    ['main', 0],
    ['spare', 0],
  ]);
});
