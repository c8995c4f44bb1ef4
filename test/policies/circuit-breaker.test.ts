import { expect, test } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import type { Failure } from '../../src/core/outcome.ts';
import { type Verdict, verdicts } from '../../src/core/verdict.ts';
import { createCircuitBreaker } from '../../src/policies/circuit-breaker.ts';
import { circuitsOf } from '../../src/policies/circuits.ts';
import { breaker, call, circuit, opened, refusedBy, settings } from './circuit-breaker-kit.ts';
import { context, exchange, hanging, script, type TestExchange, wholeReply } from './kit.ts';

test('an open circuit refuses at once, says until when, and asks nobody', async () => {
  const ctx = await opened();
  await ctx.clock.advance(4000);
  const on = exchange({ attempt: 3 });
  const next = script();
  const outcome = (await breaker(ctx).run(on, next)) as Failure;
  expect(outcome).toMatchObject({ kind: 'failure', code: 'circuit_open', verdict: 'refused', sent: 'no', retryAfterMs: 6000 });
  expect(next.calls).toHaveLength(0);
  expect(on.events).toEqual([{ kind: 'circuit-refused', attempt: 3, upstream: 'main', retryAfterMs: 6000 }]);
});

test('every change of state is told on the call that made it', async () => {
  const ctx = context();
  await call(ctx, 'server-error');
  const last = exchange({ attempt: 1 });
  await call(ctx, 'server-error', {}, last);
  expect(last.events).toEqual([{ kind: 'circuit', attempt: 1, upstream: 'main', from: 'closed', to: 'open', why: '2 failures in a row' }]);
  await ctx.clock.advance(10_000);
  const probe = exchange({ attempt: 2 });
  await call(ctx, 'ok', {}, probe);
  expect(probe.events).toMatchObject([
    { kind: 'circuit', attempt: 2, from: 'open', to: 'half-open' },
    { kind: 'circuit', attempt: 2, from: 'half-open', to: 'closed' },
  ]);
});

test('a share of failures in the window opens as well', async () => {
  const ctx = context();
  const rule = { failures: 100, ratio: 0.5, minimum: 4, window: 10_000 };
  for (const verdict of ['ok', 'timeout', 'ok'] as const) await call(ctx, verdict, rule);
  expect(circuit(ctx).state).toBe('closed');
  await call(ctx, 'timeout', rule);
  expect(circuit(ctx)).toMatchObject({ state: 'open', why: '2 of 4 calls failed' });
});

for (const verdict of verdicts) {
  const counts = ['overloaded', 'server-error', 'network', 'timeout'].includes(verdict);
  const resets = verdict === 'ok';
  test(`by default ${verdict} ${counts ? 'counts as a failure' : resets ? 'ends a run of failures' : 'neither counts nor ends a run'}`, async () => {
    const ctx = context();
    await call(ctx, 'server-error', { failures: 3 });
    await call(ctx, verdict, { failures: 3 });
    expect(circuit(ctx).inspect()).toMatchObject({ run: counts ? 2 : resets ? 0 : 1, calls: counts || resets ? 2 : 1 });
  });
}

test('a verdict that the settings name counts', async () => {
  const ctx = context();
  await call(ctx, 'auth', { on: ['auth'] });
  await call(ctx, 'server-error', { on: ['auth'] });
  await call(ctx, 'auth', { on: ['auth'] });
  expect(circuit(ctx).state).toBe('open');
});

test('failures without an answer count, and injected ones like any other', async () => {
  const ctx = context();
  await call(ctx, failure('upstream_unreachable', 'refused'));
  await call(ctx, wholeReply({ verdict: 'server-error', origin: 'chaos' }));
  expect(circuit(ctx).state).toBe('open');
});

test('a call whose time ran out before the upstream was asked does not count against it', async () => {
  const ctx = context();
  for (let i = 0; i < 5; i += 1) await call(ctx, failure('deadline_exceeded', 'too late', { sent: 'no' }));
  expect(circuit(ctx).state).toBe('closed');
  for (let i = 0; i < 2; i += 1) await call(ctx, failure('deadline_exceeded', 'too late', { sent: 'maybe' }));
  expect(circuit(ctx).state).toBe('open');
});

test('half-open, the calls beyond the probes are refused and told to come back soon', async () => {
  const ctx = await opened(context(), { probes: 2 });
  await ctx.clock.advance(10_000);
  const on = exchange();
  const probes = [0, 1].map(() => breaker(ctx, { probes: 2 }).run(on, hanging));
  const outcome = await call(ctx, 'ok', { probes: 2 });
  expect(outcome).toMatchObject({ code: 'circuit_open', retryAfterMs: 1000 });
  on.hangUp();
  expect((await Promise.all(probes)).map((probe) => (probe as Failure).verdict)).toEqual(['cancelled', 'cancelled']);
});

test('probes that are cancelled or refused give their place back undecided', async () => {
  const ctx = await opened();
  await ctx.clock.advance(10_000);
  await call(ctx, failure('cancelled', 'gone'));
  await call(ctx, failure('bulkhead_full', 'full'));
  expect(circuit(ctx).inspect()).toMatchObject({ state: 'half-open', probing: 0 });
  await call(ctx, 'ok');
  expect(circuit(ctx).state).toBe('closed');
});

test('a probe that meets a bug gives its place back, and the bug goes on to whoever contains it', async () => {
  const ctx = await opened();
  await ctx.clock.advance(10_000);
  await expect(breaker(ctx).run(exchange(), () => Promise.reject(new Error('bug')))).rejects.toThrow('bug');
  expect(circuit(ctx).inspect()).toMatchObject({ state: 'half-open', probing: 0 });
});

test('a wait that the upstream asks for is how long the circuit stays open', async () => {
  const ctx = context();
  await call(ctx, 'overloaded');
  await call(ctx, wholeReply({ verdict: 'overloaded', retryAfterMs: 42_000 }));
  expect(circuit(ctx).openForMs).toBe(42_000);
});

test('every stack of an upstream shares its circuit, with the limits of the settings in force', async () => {
  const ctx = context();
  await call(ctx, 'server-error', { failures: 5 });
  await call(ctx, 'server-error', { failures: 2 });
  expect(refusedBy(await call(ctx, 'ok', { failures: 5 }))).toBe('circuit_open');
});

test('circuits of different upstreams know nothing of each other', async () => {
  const ctx = await opened();
  const other = createCircuitBreaker(settings(), 'other', ctx, []);
  expect(await other.run(exchange(), script(wholeReply()))).toMatchObject({ kind: 'reply' });
});

test('a breaker that only observes runs its states, notes what it would do and admits all', async () => {
  const ctx = context();
  const events: unknown[] = [];
  const run = async (verdict: Verdict): Promise<TestExchange> => {
    const on = exchange({ attempt: 1 });
    expect(await call(ctx, verdict, { observe: true }, on)).toMatchObject({ kind: 'reply', verdict });
    events.push(...on.events);
    return on;
  };
  await run('server-error');
  await run('server-error');
  await run('ok');
  expect(events).toEqual([
    { kind: 'would', attempt: 1, event: expect.objectContaining({ kind: 'circuit', from: 'closed', to: 'open' }) },
    { kind: 'would', attempt: 1, event: { kind: 'circuit-refused', attempt: 1, upstream: 'main', retryAfterMs: 10_000 } },
  ]);
  await ctx.clock.advance(10_000);
  await run('ok');
  expect(circuit(ctx).state).toBe('closed');
});

test('an operator opens, closes and gives back a circuit, and gets the event to publish', async () => {
  const ctx = context();
  const circuits = circuitsOf(ctx, 'main');
  expect(circuits.force('open')).toEqual({
    kind: 'circuit',
    attempt: 0,
    upstream: 'main',
    from: 'closed',
    to: 'open',
    why: 'forced by an operator',
  });
  expect(circuits.force('open')).toBeUndefined();
  const outcome = (await call(ctx, 'ok')) as Failure;
  expect(outcome).toMatchObject({ code: 'circuit_open' });
  expect(outcome.retryAfterMs).toBeGreaterThan(0);
  expect(circuits.force(undefined)).toMatchObject({ from: 'open', to: 'half-open' });
  expect(circuits.force('closed')).toMatchObject({ from: 'half-open', to: 'closed' });
});

test('inspect shows the state, what it counts and how long it is open, as JSON', async () => {
  const ctx = await opened();
  await ctx.clock.advance(1000);
  const shown = breaker(ctx).inspect?.();
  expect(JSON.parse(JSON.stringify(shown))).toEqual({
    state: 'open',
    why: '2 failures in a row',
    forced: null,
    openForMs: 9000,
    reopened: 0,
    generation: 2,
    run: 0,
    calls: 0,
    failures: 0,
    probing: 0,
    models: {},
  });
});
