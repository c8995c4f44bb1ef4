import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/core/dialect.ts';
import type { Exchange } from '../../src/core/exchange.ts';
import { stack } from '../../src/core/policy.ts';
import { chaosSettings } from '../../src/policies/chaos/settings.ts';
import { circuitBreakerSettings, createCircuitBreaker } from '../../src/policies/circuit-breaker.ts';
import { createGate } from '../../src/policies/gate.ts';
import { createRoute } from '../../src/policies/route.ts';
import { matchesPattern } from '../../src/settings/matches-pattern.ts';
import { chaos, chat, chatRequest, events, replyIn, streamed, type Written } from './chaos-kit.ts';
import { context, exchange, openReply, request, type TestContext, textOf, wholeReply } from './kit.ts';

/** What became of so many attempts, one after the other: the status of each, 200 from the upstream. */
async function attempts(count: number, written: Written, given: TestContext = context(), overrides: Partial<Exchange> = {}) {
  const policy = chaos(written, given);
  const statuses: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const outcome = await policy.run(exchange(overrides), async () => wholeReply());
    statuses.push(outcome.kind === 'reply' ? outcome.status : 0);
  }
  return statuses;
}

const always = { faults: [{ kind: 'status' }] } satisfies Written;
const half = { seed: 7, faults: [{ kind: 'status', share: '50%' }] } satisfies Written;

describe('the choice of attempts', () => {
  it('hits the share that was asked for, whatever the seed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 100 }), async (seed, percent) => {
        const count = 1_000;
        const statuses = await attempts(count, { seed, faults: [{ kind: 'status', share: `${percent}%` }] });
        const expected = (count * percent) / 100;
        const fiveSigma = 5 * Math.sqrt(expected * (1 - percent / 100));
        expect(Math.abs(statuses.filter((status) => status === 503).length - expected)).toBeLessThanOrEqual(fiveSigma);
      }),
      { numRuns: 40 },
    );
  });

  it('repeats with the seed, and does not with another', async () => {
    const first = await attempts(200, half);
    expect(await attempts(200, half)).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect(await attempts(200, { ...half, seed: 8 })).not.toEqual(first);
  });

  it('draws for each fault by itself: another one behind it changes nothing of the first', async () => {
    const first = await attempts(200, half);
    const both = await attempts(200, { ...half, faults: [...half.faults, { kind: 'status', status: 429, share: '50%' }] });
    expect(both.map((status) => status === 503)).toEqual(first.map((status) => status === 503));
    const rest = both.filter((_, i) => first[i] === 200);
    // Were the second drawn from the same numbers, it would hit none of the rest.
    expect(rest.filter((status) => status === 429).length / rest.length).toBeGreaterThan(0.3);
    expect(rest.filter((status) => status === 200).length / rest.length).toBeGreaterThan(0.3);
  });

  it('draws only for attempts that a fault is meant for', async () => {
    const given = context();
    const policy = chaos({ ...half, faults: [{ kind: 'status', share: '50%', agent: 'planner' }] }, given);
    const statuses: number[] = [];
    for (let i = 0; i < 100; i += 1) {
      const other = await policy.run(exchange({ agent: { name: 'other', source: 'header' } }), async () => wholeReply());
      expect(other).toMatchObject({ status: 200 });
      const outcome = await policy.run(exchange(), async () => wholeReply());
      statuses.push(outcome.kind === 'reply' ? outcome.status : 0);
    }
    expect(statuses).toEqual(await attempts(100, half));
  });

  it('asks the random numbers of the process where there is no seed', async () => {
    const numbers = [0.49, 0.5, 0.51, 0];
    const statuses = await attempts(
      4,
      { faults: [{ kind: 'status', share: '50%' }] },
      context(() => numbers.shift() ?? 1),
    );
    expect(statuses).toEqual([503, 200, 200, 503]);
  });

  it('goes by agent, path and model', async () => {
    const llm: Call = { kind: 'llm', model: 'gpt-5-mini', repeatable: true, stateful: false };
    const at = { request: request({ path: '/v1/chat/completions?x=/v2', call: () => llm }) };
    const hits = async (fault: object, overrides: Partial<Exchange> = at) =>
      (await attempts(1, { faults: [{ kind: 'status', ...fault }] }, context(), overrides))[0] === 503;

    expect(await hits({ agent: 'planner', path: '/v1/*', model: 'gpt-5*' })).toBe(true);
    expect(await hits({ agent: 'plan' })).toBe(false);
    expect(await hits({ path: '/v1/chat/completions' })).toBe(true);
    expect(await hits({ path: '*/v2' })).toBe(false);
    expect(await hits({ model: 'gpt-5' })).toBe(false);
    expect(await hits({ model: 'small' }, { ...at, target: { upstream: 'main', model: 'small' } })).toBe(true);
    expect(await hits({ model: 'gpt-5*' }, { ...at, target: { upstream: 'main', model: 'small' } })).toBe(false);
    expect(await hits({ model: '?' }, {})).toBe(false);
  });

  it('takes * for any characters and everything else for itself', () => {
    const cases: [pattern: string, text: string, matches: boolean][] = [
      ['*', '', true],
      ['a*', 'a', true],
      ['a*a', 'a', false],
      ['a*b*c', 'a-b-b-c', true],
      ['*b*', 'abc', true],
      ['ab*bc', 'abc', false],
      ['a.c', 'abc', false],
      ['a**c', 'abc', true],
    ];
    for (const [pattern, text, matches] of cases) expect([pattern, text, matchesPattern(pattern, text)]).toEqual([pattern, text, matches]);
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 6 });
    fc.assert(
      fc.property(piece, fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 }), (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
        expect(matchesPattern(pattern, text)).toBe(expression.test(text));
      }),
    );
  });

  it('waits for the description of an upload, and no longer than the call', async () => {
    const described = Promise.withResolvers<Call>();
    const waiting = chat({ faults: [{ kind: 'status' }] }, streamed, { request: request({ call: () => described.promise }) });
    await waiting.clock.advance(0);
    expect(waiting.outcome).toBeUndefined();
    described.resolve({ kind: 'llm', repeatable: true, stateful: false });
    expect(await replyIn(waiting)).toMatchObject({ status: 503 });

    const left = chat({ faults: [{ kind: 'status' }] }, streamed, { request: request({ call: () => new Promise<Call>(() => {}) }) });
    left.on.hangUp();
    expect(await left.run).toMatchObject({ kind: 'failure', verdict: 'cancelled', sent: 'no' });
  });
});

describe('several faults', () => {
  it('act on the same attempt one inside of the other', async () => {
    const test = chat({ faults: [{ kind: 'delay', for: '1s' }, { kind: 'cut', after: 1 }, { kind: 'slow-drip' }] }, streamed);
    await test.clock.advance(1_000);
    const reading = textOf(await replyIn(test));
    await test.clock.advance(10_000);
    expect(await reading).toBe(events[0]);
    expect(test.on.noted('fault-injected').map(({ fault }) => fault)).toEqual(['delay', 'slow-drip', 'cut']);
  });

  it('are not told behind one that answers', async () => {
    const test = chat({ faults: [{ kind: 'refuse' }, { kind: 'reset' }] }, streamed);
    expect(await test.run).toMatchObject({ sent: 'no' });
    expect(test.on.noted('fault-injected').map(({ fault }) => fault)).toEqual(['refuse']);
  });
});

describe('the end of all faults', () => {
  it('comes at the time that was set, by the wall clock', async () => {
    const given = context();
    const policy = chaos({ ...always, until: new Date(given.clock.wall() + 60_000).toISOString() }, given);
    const status = async () => (await policy.run(exchange(), async () => wholeReply())) as { status?: number };
    await given.clock.advance(59_999);
    expect(await status()).toMatchObject({ status: 503 });
    expect(policy.inspect?.()).toMatchObject({ active: true, endsInMs: 1 });
    await given.clock.advance(1);
    expect(await status()).toMatchObject({ status: 200 });
    expect(policy.inspect?.()).toEqual({ active: false, endsInMs: 0, faults: [{ kind: 'status', share: 1, injected: 1 }] });
  });

  it('comes after an hour where none was set, whatever becomes of the wall clock', async () => {
    const given = context();
    expect(await attempts(1, always, given)).toEqual([503]);
    given.clock.jumpWall(-86_400_000);
    await given.clock.advance(3_599_999);
    expect(await attempts(1, always, given)).toEqual([503]);
    await given.clock.advance(1);
    expect(await attempts(1, always, given)).toEqual([200]);
  });

  it('is not put off by a reload, and neither do its draws begin anew', async () => {
    const given = context();
    const before = await attempts(50, half, given);
    await given.clock.advance(3_000_000);
    expect([...before, ...(await attempts(50, half, given))]).toEqual(await attempts(100, half));
    await given.clock.advance(600_000);
    expect(await attempts(20, half, given)).toEqual(new Array(20).fill(200));
    // Other settings are another run.
    expect(await attempts(1, always, given)).toEqual([503]);
  });

  it('is there from the start unless it is enabled', async () => {
    expect(chaosSettings.parse({})).toEqual({ enabled: false, faults: [], observe: false });
    expect(await attempts(3, { ...always, enabled: false })).toEqual([200, 200, 200]);
  });

  it('leaves the call as it is: nothing is described and nothing copied', async () => {
    const policy = chaos({ ...always, until: '2020-01-01T00:00:00Z' });
    const call = exchange({
      request: request({
        call: () => {
          throw new Error('described');
        },
      }),
    });
    const { reply } = openReply();
    const passed = await policy.run(call, async (given) => {
      expect(given).toBe(call);
      return reply;
    });
    expect(passed).toBe(reply);
  });
});

describe('observing', () => {
  it('tells what would be injected and injects nothing', async () => {
    const test = chat({ observe: true, faults: [{ kind: 'status' }, { kind: 'cut', share: '0%' }] }, streamed);
    expect(await replyIn(test)).toMatchObject({ status: 200, origin: 'upstream' });
    expect(test.on.events).toEqual([
      { kind: 'would', attempt: 1, event: { kind: 'fault-injected', attempt: 1, upstream: 'main', fault: 'status' } },
    ]);
  });
});

describe('a breaker around it', () => {
  it('opens on injected faults, which are told from real ones', async () => {
    const given = context();
    const breaker = createCircuitBreaker(circuitBreakerSettings.parse({ failures: 2 }), 'main', given, []);
    const policies = [breaker, createGate({ holds: true }, given), chaos({ faults: [{ kind: 'status' }] }, given)];
    const route = createRoute(new Map([['main', stack(policies, async () => streamed())]]), given.clock);
    const call = exchange({ request: chatRequest(true) });
    for (let i = 0; i < 3; i += 1) await route(call);
    expect(call.noted('circuit')).toMatchObject([{ from: 'closed', to: 'open' }]);
    expect(call.noted('attempt-answered').map(({ origin, verdict }) => `${origin} ${verdict}`)).toEqual([
      'chaos server-error',
      'chaos server-error',
      'ourselves refused',
    ]);
  });
});
