import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { sleep } from '../../src/core/clock.ts';
import type { Exchange } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { createRetry, retrySettings } from '../../src/policies/retry.ts';
import { type Answer, context, exchange, openTunnel, script, type TestContext, wholeReply } from './kit.ts';

type Overrides = z.input<typeof retrySettings>;

const adaptive = (given: TestContext, overrides: Overrides = {}) =>
  createRetry(
    retrySettings.parse({
      attempts: 2,
      backoff: { strategy: 'adaptive', jitter: 'none' },
      budget: { ratio: '100%', minimum: 1000 },
      ...overrides,
    }),
    given,
  );

const unavailable = () => wholeReply({ verdict: 'overloaded', status: 503 });

/** One call; tells the wait before its retry, or why there was none. */
async function call(given: TestContext, answers: Answer[], overrides?: Overrides) {
  const on = exchange();
  const outcome = adaptive(given, overrides).run(on, script(...answers));
  await given.clock.advance(20_000);
  await outcome;
  return on.noted('retry')[0]?.waitMs ?? on.noted('retry-given-up')[0]?.why;
}

/** Many calls at the same moment; tells how many of them were retried. */
async function batch(
  given: TestContext,
  size: number,
  retryAnswer: () => Outcome,
  firstAnswer: () => Outcome = unavailable,
  overrides?: Overrides,
) {
  const policy = adaptive(given, overrides);
  const calls = Array.from({ length: size }, () => exchange());
  const outcomes = Promise.all(calls.map((on) => policy.run(on, script(firstAnswer(), retryAnswer))));
  await given.clock.advance(2000);
  await outcomes;
  return calls.filter((on) => on.noted('retry').length > 0).length;
}

/** What was learned of the upstream. */
async function seen(given: TestContext) {
  const policy = adaptive(given);
  await policy.run(exchange(), script(wholeReply()));
  const shown = policy.inspect?.() as { learned: { main: Record<string, unknown> } };
  return shown.learned.main;
}

describe('adaptive retries', () => {
  it('wait less where they help and longer where they do not', async () => {
    const helpful = context();
    await batch(helpful, 98, wholeReply);
    const backoff = { strategy: 'adaptive', jitter: 'none', base: '100ms', multiplier: 10 } as const;
    const waits = async (given: TestContext) => {
      const on = exchange();
      const outcome = adaptive(given, { attempts: 3, backoff }).run(on, script(unavailable(), unavailable(), wholeReply()));
      await given.clock.advance(60_000);
      await outcome;
      return on.noted('retry').map(({ waitMs }) => waitMs);
    };
    const [first, second] = await waits(helpful);
    // Never below the base.
    expect(first).toBe(100);
    expect(second).toBeLessThan(300);

    // The first retry of the call itself has not helped: that is known already before the second.
    expect(await waits(context())).toEqual([100, expect.closeTo(1000 * 4 ** (1 / 3))]);

    const vain = context();
    await batch(vain, 8, unavailable);
    expect((await waits(vain))[0]).toBeGreaterThan(200);
  });

  it('stop for a verdict that they do not help, are probed, and begin again when the probes help', async () => {
    const given = context();
    expect(await batch(given, 10, unavailable)).toBe(10);
    // The first one after that is a probe.
    expect(await batch(given, 5, unavailable)).toBe(1);
    expect(await call(given, [unavailable()])).toBe('unhelpful');
    expect(await batch(given, 5, wholeReply)).toBe(1);
    await given.clock.advance(15_000);
    expect(await batch(given, 5, wholeReply)).toBe(1);
    await given.clock.advance(15_000);
    expect(await batch(given, 5, wholeReply)).toBe(1);
    expect(await batch(given, 5, wholeReply)).toBe(5);
  });

  it('go on for the other verdicts of the same upstream, and for the same verdict of others', async () => {
    const given = context();
    await batch(given, 10, unavailable);
    await batch(given, 1, unavailable);
    expect(await batch(given, 3, unavailable)).toBe(0);
    expect(await batch(given, 3, wholeReply, () => failure('upstream_unreachable', 'no'))).toBe(3);
    const other = exchange({ target: { upstream: 'spare' } });
    const outcome = adaptive(given).run(other, script(unavailable(), wholeReply()));
    await given.clock.advance(20_000);
    expect(await outcome).toMatchObject({ verdict: 'ok' });
  });

  it('spend nothing of the budget where they are stopped, and no probe where the budget is spent', async () => {
    const given = context();
    await batch(given, 10, unavailable);
    await given.clock.advance(10_000);
    const none: Overrides = { budget: { ratio: '0%', minimum: 0 } };
    expect(await call(given, [unavailable()], none)).toBe('budget');
    expect(await batch(given, 3, unavailable)).toBe(1);
  });

  it('learn nothing from injected faults, on either side of the retry', async () => {
    const given = context();
    const injected = () => wholeReply({ verdict: 'overloaded', status: 503, origin: 'chaos' });
    await batch(given, 20, unavailable, injected);
    await batch(given, 20, injected);
    await batch(given, 20, () => failure('upstream_unreachable', 'no', { origin: 'chaos' }));
    expect(await seen(given)).toEqual({});
  });

  it('do not spend their probe on an injected fault', async () => {
    const given = context();
    await batch(given, 10, unavailable);
    await batch(given, 1, wholeReply, () => wholeReply({ verdict: 'overloaded', status: 503, origin: 'chaos' }));
    expect(await batch(given, 3, unavailable)).toBe(1);
  });

  it.each([
    ['a refusal of ours', () => failure('circuit_open', 'open')],
    ['an agent that left', () => failure('cancelled', 'gone')],
    ['the deadline of the call', () => failure('deadline_exceeded', 'late', { phase: 'deadline' })],
    ['an answer about the call itself', () => wholeReply({ verdict: 'client-error', status: 400 })],
  ])('learn nothing from %s', async (_name, answer) => {
    const given = context();
    await batch(given, 3, answer);
    expect(await seen(given)).toEqual({});
  });

  it('count a tunnel and a good answer as help, and every other failure as none', async () => {
    const given = context();
    await batch(given, 1, () => openTunnel().tunnel);
    await batch(given, 1, wholeReply);
    await batch(given, 1, () => failure('upstream_timeout', 'late', { phase: 'firstByte' }));
    expect(await seen(given)).toEqual({ overloaded: { retries: 3, helped: 2, stopped: false } });
  });

  it('are the only ones that learn, and do not where they are only observed', async () => {
    const given = context();
    const others = createRetry(retrySettings.parse({ attempts: 2 }), given);
    const outcome = others.run(exchange(), script(unavailable(), unavailable()));
    await given.clock.advance(20_000);
    await outcome;
    expect(others.inspect?.()).not.toHaveProperty('learned');
    expect(adaptive(given, { observe: true }).inspect?.()).not.toHaveProperty('learned');
    await adaptive(given, { observe: true }).run(exchange(), script(unavailable()));
    expect(await seen(given)).toEqual({});
  });
});

describe('the settings of adaptive retries', () => {
  /** How many calls of a batch are retried, once so many of twenty retries have helped. */
  const retriedAfter = async (given: TestContext, helped: number, adapt: Overrides['adapt']) => {
    await batch(given, helped, wholeReply, unavailable, { adapt });
    await batch(given, 20 - helped, unavailable, unavailable, { adapt });
    return batch(given, 4, wholeReply, unavailable, { adapt });
  };

  it('say how many retries must help, 30 % unless set', async () => {
    expect(await retriedAfter(context(), 5, {})).toBe(1);
    expect(await retriedAfter(context(), 6, {})).toBe(4);
    expect(await retriedAfter(context(), 5, { minimumSuccess: '25%' })).toBe(4);
    expect(await retriedAfter(context(), 6, { minimumSuccess: '31%' })).toBe(1);
  });

  it('say how long it is remembered, five minutes unless set', async () => {
    const retriedLater = async (afterMs: number, adapt: Overrides['adapt']) => {
      const given = context();
      await batch(given, 20, unavailable, unavailable, { adapt });
      await given.clock.advance(afterMs);
      // The probe is out of the way.
      await batch(given, 1, unavailable, unavailable, { adapt });
      return batch(given, 4, unavailable, unavailable, { adapt });
    };
    expect(await retriedLater(60_000, {})).toBe(0);
    expect(await retriedLater(60_000, { window: '1m' })).toBe(4);
    expect(await retriedLater(300_000, {})).toBe(4);
  });
});

describe('onlyIfFailedWithin', () => {
  const slow = (given: TestContext, afterMs: number) => async (on: Exchange) => {
    await sleep(given.clock, afterMs, on.signal);
    return unavailable();
  };

  it('retries what failed soon enough, and not what took longer', async () => {
    const limits: Overrides = { onlyIfFailedWithin: '2s' };
    const soon = context();
    expect(await call(soon, [slow(soon, 2000), wholeReply()], limits)).toBe(500);
    const late = context();
    expect(await call(late, [slow(late, 2001)], limits)).toBe('slow');
  });

  it('looks at each attempt by itself', async () => {
    const given = context();
    const on = exchange();
    const outcome = adaptive(given, { attempts: 4, onlyIfFailedWithin: '2s' }).run(
      on,
      script(slow(given, 1500), slow(given, 1500), slow(given, 2500)),
    );
    await given.clock.advance(60_000);
    await outcome;
    expect(on.noted('retry')).toHaveLength(2);
    expect(on.noted('retry-given-up')).toMatchObject([{ why: 'slow', reason: 'overloaded' }]);
  });

  it('unless it is set, no failure is too slow', async () => {
    const given = context();
    expect(await call(given, [slow(given, 15_000), wholeReply()])).toBe(500);
  });
});
