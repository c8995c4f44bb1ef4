import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { Outcome } from '../../src/core/outcome.ts';
import { stack } from '../../src/core/policy.ts';
import { bulkheadSettings, createBulkhead } from '../../src/policies/bulkhead.ts';
import { circuitBreakerSettings, createCircuitBreaker } from '../../src/policies/circuit-breaker.ts';
import { circuitsOf } from '../../src/policies/circuits.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { createRetry, retrySettings } from '../../src/policies/retry.ts';
import { createRoute } from '../../src/policies/route.ts';
import { context, exchange, post, type TestExchange, wholeReply } from './kit.ts';

const agents = 200;

interface Sent {
  atMs: number;
  retry: boolean;
}

interface Rules {
  retry?: z.input<typeof retrySettings>;
  breaker?: z.input<typeof circuitBreakerSettings>;
}

/** 200 agents, each of which calls again a second after it was answered, before an upstream that is down or up. */
function storm({ retry = {}, breaker }: Rules, jumpMs = 0) {
  let seed = 7;
  const ctx = context(() => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  });
  const { clock } = ctx;
  const sent: Sent[] = [];
  const calls: { on: TestExchange; outcome: Outcome; atMs: number }[] = [];
  const upstream = { up: false, underWay: 0, most: 0 };
  let over = false;

  const send = async (on: { opened: { attempts: number } }): Promise<Outcome> => {
    sent.push({ atMs: clock.now(), retry: on.opened.attempts > 1 });
    upstream.underWay += 1;
    upstream.most = Math.max(upstream.most, upstream.underWay);
    await pause(50);
    upstream.underWay -= 1;
    return upstream.up ? wholeReply() : wholeReply({ verdict: 'overloaded', status: 503 });
  };
  const pause = (ms: number) => new Promise<void>((resolve) => void clock.timer(ms, resolve));

  const rule = breaker && circuitBreakerSettings.parse(breaker);
  const inner = stack(
    [
      ...(rule ? [createCircuitBreaker(rule, 'main', ctx, [])] : []),
      createBulkhead(bulkheadSettings.parse({ concurrent: 1000 }), 'main', ctx),
    ],
    send,
  );
  const handler = stack([createGuarded(), createRetry(retrySettings.parse(retry), ctx)], createRoute(new Map([['main', inner]]), clock));

  const agent = async () => {
    while (!over) {
      const on = exchange({ request: post(), opened: { attempts: 0, outcomes: [], closed: false } });
      calls.push({ on, outcome: await handler(on), atMs: clock.now() });
      await pause(1000);
    }
  };
  const running = Promise.all(Array.from({ length: agents }, agent));
  return {
    sent,
    calls,
    upstream,
    circuit: () => circuitsOf(ctx, 'main').shared.circuit,
    async advance(ms: number) {
      await clock.advance(ms / 2);
      clock.jumpWall(jumpMs);
      await clock.advance(ms / 2);
    },
    async end() {
      over = true;
      await clock.advance(600_000);
      await running;
      expect(clock.pending).toBe(0);
    },
    refusedCalls: () => calls.filter(({ outcome }) => outcome.kind === 'failure' && outcome.code === 'circuit_open').length,
    /** Events of the circuit, in order. */
    transitions: () => calls.flatMap(({ on }) => on.noted('circuit')).map(({ to }) => to),
  };
}

/** The most of the times that lie within any span of that length. */
function mostWithin(times: readonly number[], spanMs: number): number {
  return Math.max(0, ...times.map((end) => times.filter((at) => at > end - spanMs && at <= end).length));
}

describe('200 agents before an upstream that answers everything with 503', () => {
  it('are retried for a fifth of their calls and ten besides, in any 10 s', async () => {
    const run = storm({ retry: { attempts: 5 } });
    await run.advance(60_000);
    await run.end();
    const first = run.sent.filter(({ retry }) => !retry).map(({ atMs }) => atMs);
    const retries = run.sent.filter(({ retry }) => retry).map(({ atMs }) => atMs);
    expect(retries.length).toBeGreaterThan(100);
    for (const end of retries) {
      const within = (times: readonly number[]) => times.filter((at) => at > end - 10_000 && at <= end).length;
      // Calls are counted in steps of a second: the window may be that much longer.
      const called = first.filter((at) => at > end - 11_000 && at <= end).length;
      expect(within(retries)).toBeLessThanOrEqual(0.2 * called + 10);
    }
  });

  it('open the breaker with their fifth failure, and reach the upstream no more', async () => {
    const run = storm({ breaker: {} });
    await run.advance(20_000);
    // All 200 were sent before the first answer came.
    expect(run.sent).toHaveLength(agents);
    expect(run.circuit().state).toBe('open');
    expect(run.transitions()).toEqual(['open']);
    expect(run.refusedCalls()).toBeGreaterThan(agents * 10);
    await run.end();
  });

  it('let the probes alone pass at half-open, however many wait for it', async () => {
    const run = storm({ breaker: { cooldown: '10s', cooldownMax: '10s' } });
    await run.advance(120_000);
    const later = run.sent.slice(agents).map(({ atMs }) => atMs);
    // About one round of probes for every cooldown.
    expect(later.length).toBeGreaterThanOrEqual(10);
    expect(mostWithin(later, 5000)).toBeLessThanOrEqual(3);
    expect(run.transitions().filter((to) => to === 'half-open').length).toBeGreaterThanOrEqual(8);
    await run.end();
  });

  it('recover by probes when the upstream does, and go on as before', async () => {
    const run = storm({ breaker: { cooldown: '10s' } });
    await run.advance(5000);
    run.upstream.up = true;
    const before = run.sent.length;
    await run.advance(20_000);
    expect(run.circuit().state).toBe('closed');
    expect(run.transitions()).toEqual(['open', 'half-open', 'closed']);
    // The fourth waits for the three probes to be answered.
    const [probe, , , fourth] = run.sent.slice(before).map(({ atMs }) => atMs);
    expect(fourth).toBeGreaterThanOrEqual((probe ?? 0) + 50);
    const late = run.calls.filter(({ atMs }) => atMs > 20_000);
    expect(late.length).toBeGreaterThan(agents);
    expect(late.every(({ outcome }) => outcome.kind === 'reply' && outcome.verdict === 'ok')).toBe(true);
    await run.end();
  });

  it('come back little by little where the breaker starts slowly', async () => {
    const most = async (breaker: NonNullable<Rules['breaker']>) => {
      const run = storm({ breaker: { cooldown: '10s', ...breaker } });
      await run.advance(5000);
      run.upstream.up = true;
      run.upstream.most = 0;
      await run.advance(9000);
      const { state } = run.circuit();
      const seen = {
        state,
        most: mostWithin(
          run.sent.slice(agents).map(({ atMs }) => atMs),
          1000,
        ),
      };
      await run.end();
      return seen;
    };
    const [at, slowly] = [await most({}), await most({ slowStart: '60s' })];
    expect(at).toMatchObject({ state: 'closed' });
    expect(slowly).toMatchObject({ state: 'closed' });
    expect(at.most).toBeGreaterThanOrEqual(agents * 0.9);
    expect(slowly.most).toBeLessThan(agents / 3);
  });

  it('with adaptive retries stop retrying what is in vain, and begin again when the upstream is back', async () => {
    const backoff = { strategy: 'adaptive' } as const;
    const run = storm({ retry: { backoff, budget: { ratio: '100%', minimum: 1000 } } });
    await run.advance(30_000);
    const whys = run.calls.flatMap(({ on }) => on.noted('retry-given-up')).map(({ why }) => why);
    expect(whys.filter((why) => why === 'unhelpful').length).toBeGreaterThan(agents);
    const before = run.sent.filter(({ retry }) => retry).length;
    await run.advance(60_000);
    // A probe every fifteen seconds, and what it drew after it.
    expect(run.sent.filter(({ retry }) => retry).length - before).toBeLessThanOrEqual(10);
    await run.end();
  });

  it('are treated the same where the wall clock jumps an hour in the middle', async () => {
    const [calm, jumpy, back] = await Promise.all(
      [0, 3_600_000, -3_600_000].map(async (jumpMs) => {
        const run = storm({ retry: { attempts: 4 }, breaker: { cooldown: '10s' } }, jumpMs);
        await run.advance(40_000);
        run.upstream.up = true;
        await run.advance(40_000);
        const seen = { sent: run.sent, transitions: run.transitions(), state: run.circuit().inspect() };
        await run.end();
        return seen;
      }),
    );
    expect(calm?.transitions.length).toBeGreaterThanOrEqual(5);
    expect(jumpy).toEqual(calm);
    expect(back).toEqual(calm);
  });
});
