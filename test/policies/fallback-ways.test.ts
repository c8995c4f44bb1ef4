import { expect, test } from 'vitest';
import { fallbackWays } from '../../src/policies/fallback/ways.ts';
import { fallbackSettings } from '../../src/policies/fallback.ts';
import { retrySettings } from '../../src/policies/retry.ts';
import { timeoutSettings } from '../../src/policies/timeout.ts';
import { ask, bad, type Entries } from './fallback-kit.ts';
import { context, script } from './kit.ts';

/** What an entry of a policy set with three attempts makes of targets that are always overloaded. */
async function walk(entries: Entries, budget = {}) {
  const ctx = context();
  const inner = script(...Array.from({ length: 9 }, () => bad('overloaded')));
  const stacks: [upstream: string, answerMs: number | undefined][] = [];
  const set = { retry: retrySettings.parse({ attempts: 3, budget }), timeout: timeoutSettings.parse({ answer: '9s' }) };
  const settings = fallbackSettings.parse(entries);
  const [way] = fallbackWays(settings, 'main', set, ctx, (upstream, timeout) => {
    stacks.push([upstream, timeout?.answer]);
    return inner;
  });
  const call = ask({}, { target: { upstream: stacks[0]![0] } });
  const outcome = way!(call);
  await ctx.clock.advance(60_000);
  await outcome;
  return { call, stacks, attempts: inner.calls.length };
}

test('a target is tried as often and waited for as long as the policy set says', async () => {
  const { call, stacks, attempts } = await walk([{ upstream: 'spare' }]);

  expect(attempts).toBe(3);
  expect(stacks).toEqual([['spare', 9000]]);
  expect(call.noted('attempt-answered').map(({ attempt, upstream }) => [attempt, upstream])).toEqual([
    [1, 'spare'],
    [2, 'spare'],
    [3, 'spare'],
  ]);
});

test('an entry says otherwise for itself, and an entry without an upstream leads to the route’s own', async () => {
  const { stacks, attempts } = await walk([{ model: 'small', retry: { attempts: 2 }, timeout: { answer: '1s' } }]);

  expect(attempts).toBe(2);
  expect(stacks).toEqual([['main', 1000]]);
});

test('retries of an entry draw on the budget that the upstream has', async () => {
  const { call, attempts } = await walk([{ upstream: 'spare', retry: { attempts: 2 } }], { ratio: '0%', minimum: 0 });

  expect(attempts).toBe(1);
  expect(call.noted('retry-given-up')).toMatchObject([{ why: 'budget' }]);
});
