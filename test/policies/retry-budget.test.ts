import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { createRetry, retrySettings } from '../../src/policies/retry.ts';
import { RetryBudget, retryBudgetOf } from '../../src/policies/retry-budget.ts';
import { resources } from '../kit/resources.ts';
import { context, exchange, script, type TestContext, wholeReply } from './kit.ts';

type Overrides = z.input<typeof retrySettings>;

const unavailable = (retryAfterMs?: number) => wholeReply({ verdict: 'overloaded', status: 503, retryAfterMs });

function retry(overrides: Overrides, given: TestContext) {
  return createRetry(retrySettings.parse(overrides), given);
}

/** The most of the times that lie within any 10 s. */
function mostInWindow(times: readonly number[]): number {
  return Math.max(0, ...times.map((end) => times.filter((at) => at > end - 10_000 && at <= end).length));
}

describe('retry budget', () => {
  it('allows the minimum, and a share of the calls besides', () => {
    const { clock } = context();
    const budget = new RetryBudget(clock);
    for (let i = 0; i < 50; i += 1) budget.countCall();

    const limits = { ratio: 0.2, minimum: 3 };
    const reserved = Array.from({ length: 20 }, () => budget.reserve(0, limits)).filter(Boolean);
    expect(reserved).toHaveLength(13);
    expect(budget.inspect(limits)).toEqual({ calls: 50, retries: 13, allowed: 13 });
  });

  it('counts the calls of the last 10 s, in steps of a second', async () => {
    const { clock } = context();
    const budget = new RetryBudget(clock);
    const seen: number[] = [];
    for (let second = 0; second < 14; second += 1) {
      if (second < 4) budget.countCall();
      seen.push(budget.inspect({ ratio: 1, minimum: 0 }).calls);
      await clock.advance(1000);
    }

    expect(seen).toEqual([1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 3, 2, 1, 0]);
  });

  it('comes back when the calls and retries are older than the window', async () => {
    const { clock } = context();
    const budget = new RetryBudget(clock);
    budget.countCall();
    const limits = { ratio: 1, minimum: 0 };
    expect(budget.reserve(0, limits)).toBeDefined();
    expect(budget.reserve(0, limits)).toBeUndefined();
    await clock.advance(11_000);
    expect(budget.reserve(0, limits)).toBeUndefined();
    budget.countCall();

    expect(budget.reserve(0, limits)).toBeDefined();
  });

  it('counts a retry when it is sent, so that waits for one moment share what it has', () => {
    const { clock } = context();
    const budget = new RetryBudget(clock);
    const limits = { ratio: 0, minimum: 1 };

    expect(budget.reserve(60_000, limits)).toBeDefined();
    expect(budget.reserve(65_000, limits)).toBeUndefined();
    expect(budget.reserve(55_000, limits)).toBeUndefined();
    expect(budget.reserve(500, limits)).toBeDefined();
  });

  it('counts a retry for ten seconds after the one that it was sent in, however many follow it', async () => {
    const { clock } = context();
    const budget = new RetryBudget(clock);
    const limits = { ratio: 0, minimum: 2 };
    await clock.advance(900);
    expect(budget.reserve(0, limits)).toBeDefined();
    await clock.advance(9100);

    expect(budget.reserve(0, limits)).toBeDefined();
    expect(budget.reserve(0, limits)).toBeUndefined();
    await clock.advance(1000);
    expect(budget.reserve(0, limits)).toBeDefined();
  });

  it('keeps nothing of seconds that are long over', async () => {
    const { clock } = context();
    let nowMs = 0;
    const now = () => nowMs;
    const budget = new RetryBudget({ now, wall: now, timer: (delayMs, fire) => clock.timer(delayMs, fire) });
    const pass = (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        nowMs += 1000;
        budget.countCall();
        budget.reserve(0, { ratio: 1, minimum: 0 })?.cancel();
      }
    };
    pass(1000);
    const { heapBytes } = await resources();
    pass(15_000);

    expect((await resources()).heapBytes - heapBytes).toBeLessThan(400_000);
  });

  it('gets back the place of a retry that was not sent', async () => {
    const given = context();
    const policy = retry({ budget: { ratio: '0%', minimum: 1 } }, given);
    const leaver = exchange();
    const outcome = policy.run(leaver, script(unavailable()));
    await given.clock.advance(100);
    leaver.hangUp();
    await outcome;
    const other = policy.run(exchange(), script(unavailable(), wholeReply()));
    await given.clock.advance(1000);

    expect(await other).toMatchObject({ verdict: 'ok' });
  });

  it('when it is spent, the reply is passed on at once and that is told', async () => {
    const given = context();
    const call = exchange();
    const bad = unavailable();

    expect(await retry({ budget: { ratio: '0%', minimum: 0 } }, given).run(call, script(bad))).toBe(bad);
    expect(call.noted('retry-given-up')).toMatchObject([{ reason: 'overloaded', why: 'budget' }]);
  });

  it('is one for an upstream, whichever stack spends it, and another for the next', async () => {
    const given = context();
    const limits: Overrides = { budget: { ratio: '0%', minimum: 1 } };
    const spend = async (upstream: string) => {
      const call = exchange({ target: { upstream } });
      const outcome = retry(limits, given).run(call, script(unavailable(), wholeReply()));
      await given.clock.advance(1000);
      return (await outcome).kind === 'reply' && call.noted('retry').length;
    };

    expect([await spend('main'), await spend('main'), await spend('spare')]).toEqual([1, 0, 1]);
  });

  it('tells which share of it is spent, from 0 to 1', async () => {
    const { clock } = context();
    const budget = new RetryBudget(clock);
    expect(budget.used).toBe(0);
    for (let i = 0; i < 10; i += 1) budget.countCall();
    const limits = { ratio: 0.2, minimum: 2 };
    expect(budget.used).toBe(0);
    budget.reserve(0, limits);
    expect(budget.used).toBe(0.25);
    for (let i = 0; i < 9; i += 1) budget.reserve(0, limits);
    expect(budget.used).toBe(1);
    // The calls are forgotten a second before the retries: still not more than all of it.
    await clock.advance(10_000);
    expect(budget.used).toBe(1);
    await clock.advance(1000);
    expect(budget.used).toBe(0);
  });

  it('is the same for whoever asks for that of the upstream, and what is observed spends another', async () => {
    const given = context();
    await retry({ observe: true }, given).run(exchange(), script(unavailable()));
    expect(retryBudgetOf(given, 'main').used).toBe(0);
    expect(retryBudgetOf(given, 'main', true).used).toBeGreaterThan(0);
  });

  it('is shown for every upstream that was called', async () => {
    const given = context();
    const policy = retry({}, given);
    expect(policy.inspect?.()).toEqual({ budgets: {} });
    await policy.run(exchange(), script(wholeReply()));

    expect(policy.inspect?.()).toEqual({ budgets: { main: { calls: 1, retries: 0, allowed: 10.2 } } });
  });

  it('holds in a storm of 200 calls at a time to an upstream that answers every one with 503', async () => {
    const given = context();
    const policy = retry({ attempts: 5 }, given);
    const sent: number[] = [];
    const down = async () => {
      sent.push(given.clock.now());
      return unavailable();
    };
    const outcomes = Promise.all(Array.from({ length: 200 }, () => policy.run(exchange(), down)));
    await given.clock.advance(120_000);
    await outcomes;

    // 20 % of 200 calls and the minimum of 10.
    expect(sent.length - 200).toBe(50);
  });

  it('is never exceeded within any 10 s, however calls come and whatever waits are asked for', async () => {
    const calls = fc.array(
      fc.record({ afterMs: fc.integer({ min: 0, max: 3000 }), retryAfterMs: fc.integer({ min: 0, max: 60_000 }), count: fc.nat(8) }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(calls, fc.integer({ min: 0, max: 100 }), fc.nat(5), fc.nat(), async (batches, percent, minimum, seed) => {
        let draw = seed;
        const given = context(() => {
          draw = (draw * 1_103_515_245 + 12_345) % 2_147_483_648;
          return draw / 2_147_483_648;
        });
        const policy = retry({ attempts: 4, budget: { ratio: `${percent}%`, minimum } }, given);
        const called: number[] = [];
        const retried: number[] = [];
        const outcomes: Promise<unknown>[] = [];
        for (const { afterMs, retryAfterMs, count } of batches) {
          await given.clock.advance(afterMs);
          for (let i = 0; i < count; i += 1) {
            let attempts = 0;
            const down = async () => {
              attempts += 1;
              (attempts === 1 ? called : retried).push(given.clock.now());
              return unavailable(retryAfterMs);
            };
            outcomes.push(policy.run(exchange(), down));
          }
        }
        await given.clock.advance(300_000);
        await Promise.all(outcomes);

        expect(mostInWindow(retried)).toBeLessThanOrEqual((percent / 100) * mostInWindow(called) + minimum + 1e-9);
      }),
      { numRuns: 60 },
    );
  });
});
