import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { Handler } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { type BulkheadSettings, bulkheadSettings, createBulkhead } from '../../src/policies/bulkhead.ts';
import { placesOf } from '../../src/policies/places.ts';
import { settle } from '../kit/timing.ts';
import { context, exchange, openReply, openTunnel, script, type TestContext, wholeReply } from './kit.ts';

const settings = (overrides: Partial<BulkheadSettings> = {}): BulkheadSettings => ({
  ...bulkheadSettings.parse({ concurrent: 1, queue: 1, wait: '10s' }),
  ...overrides,
});

const bulkhead = (ctx: TestContext, overrides: Partial<BulkheadSettings> = {}) => createBulkhead(settings(overrides), 'main', ctx);
const shown = (ctx: TestContext) => placesOf(ctx, 'main').inspect();

/** Starts a call; `outcome` is there once it has one. */
function start(policy: ReturnType<typeof bulkhead>, next: Handler, on = exchange({ attempt: 1 })) {
  const call: { on: typeof on; outcome?: Outcome } = { on };
  void policy.run(on, next).then((outcome) => {
    call.outcome = outcome;
  });
  return call;
}

test('a bulkhead frees its place when the body has ended, not when it starts', async () => {
  const ctx = context();
  const policy = bulkhead(ctx);
  const stream = openReply();
  const first = start(policy, script(stream.reply));
  await settle();
  expect(first.outcome).toBe(stream.reply);
  stream.push('a chunk');
  const second = start(policy, script(wholeReply()));
  await settle();
  expect(second.outcome).toBeUndefined();
  expect(policy.inspect?.()).toEqual({ inUse: 1, limit: 1, queued: 1, queueLimit: 1 });
  stream.end();
  await settle();
  expect(second.outcome).toMatchObject({ kind: 'reply' });
  expect(shown(ctx)).toMatchObject({ inUse: 0, queued: 0 });
});

test('a reload with a full bulkhead does not double its limit', async () => {
  const ctx = context();
  const stream = openReply();
  start(bulkhead(ctx), script(stream.reply));
  const waiting = start(bulkhead(ctx), script(wholeReply()));
  await settle();
  expect(waiting.outcome).toBeUndefined();
  expect(shown(ctx)).toMatchObject({ inUse: 1, limit: 1 });
  stream.end();
  await settle();
  expect(waiting.outcome).toMatchObject({ kind: 'reply' });
});

test('a lower limit drains, a higher one serves those who wait at once', async () => {
  const ctx = context();
  const streams = [openReply(), openReply(), openReply()];
  const old = bulkhead(ctx, { concurrent: 2, queue: 5 });
  const calls = streams.map(({ reply }) => start(old, script(reply)));
  await settle();
  expect(calls.map(({ outcome }) => outcome !== undefined)).toEqual([true, true, false]);

  bulkhead(ctx, { concurrent: 1, queue: 5 });
  streams[0]?.end();
  await settle();
  expect(calls[2]?.outcome).toBeUndefined();
  expect(shown(ctx)).toMatchObject({ inUse: 1, limit: 1, queued: 1 });

  bulkhead(ctx, { concurrent: 2, queue: 5 });
  await settle();
  expect(calls[2]?.outcome).toBe(streams[2]?.reply);
});

test('a full queue turns a call away at once and says when to come back', async () => {
  const ctx = context();
  const policy = bulkhead(ctx);
  start(policy, script(openReply().reply));
  start(policy, script());
  const third = start(policy, script());
  await settle();
  expect(third.outcome).toMatchObject({ code: 'bulkhead_full', verdict: 'refused', sent: 'no', retryAfterMs: 1000 });
  expect(third.on.events).toEqual([{ kind: 'bulkhead-rejected', attempt: 1, upstream: 'main', reason: 'full' }]);
});

test('without a queue a full bulkhead turns calls away at once', async () => {
  const policy = bulkhead(context(), { queue: 0 });
  start(policy, script(openReply().reply));
  const second = start(policy, script());
  await settle();
  expect(second.outcome).toMatchObject({ code: 'bulkhead_full' });
});

test('whoever waits is served in the order of coming, and nobody overtakes', async () => {
  const ctx = context();
  const policy = bulkhead(ctx, { queue: 10 });
  const order: number[] = [];
  const streams = [0, 1, 2, 3].map((index) => {
    const stream = openReply();
    start(policy, async () => {
      order.push(index);
      return stream.reply;
    });
    return stream;
  });
  for (const stream of streams) {
    await settle();
    // Ends one and, at the same moment, somebody new comes.
    stream.end();
  }
  await settle();
  expect(order).toEqual([0, 1, 2, 3]);
});

test('a wait that was worth it is told with its length', async () => {
  const ctx = context();
  const policy = bulkhead(ctx);
  const stream = openReply();
  start(policy, script(stream.reply));
  const second = start(policy, script(wholeReply()));
  await ctx.clock.advance(700);
  stream.end();
  await settle();
  expect(second.on.events).toEqual([{ kind: 'bulkhead-waited', attempt: 1, upstream: 'main', waitMs: 700 }]);
  expect(ctx.clock.pending).toBe(0);
  expect(getEventListeners(second.on.signal as AbortSignal, 'abort')).toHaveLength(0);
});

test('a wait that is over is told and refused, and its place in the queue is free', async () => {
  const ctx = context();
  const policy = bulkhead(ctx);
  start(policy, script(openReply().reply));
  const second = start(policy, script());
  await ctx.clock.advance(9_999);
  expect(second.outcome).toBeUndefined();
  await ctx.clock.advance(1);
  expect(second.outcome).toMatchObject({ code: 'bulkhead_full', retryAfterMs: 1000 });
  expect(second.on.events).toEqual([{ kind: 'bulkhead-rejected', attempt: 1, upstream: 'main', reason: 'wait' }]);
  expect(shown(ctx)).toMatchObject({ inUse: 1, queued: 0 });
});

test('a wait ends at the deadline of the call', async () => {
  const ctx = context();
  const policy = bulkhead(ctx);
  start(policy, script(openReply().reply));
  const second = start(policy, script(), exchange({ deadline: 500 }));
  await ctx.clock.advance(500);
  expect(second.outcome).toMatchObject({ code: 'deadline_exceeded', verdict: 'timeout', sent: 'no', phase: 'deadline' });
  const third = start(policy, script(), exchange({ deadline: 500 }));
  await settle();
  expect(third.outcome).toMatchObject({ code: 'deadline_exceeded' });
  expect(shown(ctx)).toMatchObject({ inUse: 1, queued: 0 });
});

test('an agent that hangs up leaves the queue at once', async () => {
  const ctx = context();
  const policy = bulkhead(ctx, { queue: 3 });
  const stream = openReply();
  start(policy, script(stream.reply));
  const calls = [0, 1, 2].map(() => start(policy, script(wholeReply())));
  calls[1]?.on.hangUp();
  await settle();
  expect(calls[1]?.outcome).toMatchObject({ verdict: 'cancelled', sent: 'no' });
  expect(shown(ctx)).toMatchObject({ queued: 2 });
  expect(ctx.clock.pending).toBe(2);
  stream.end();
  await settle();
  expect([calls[0]?.outcome?.kind, calls[2]?.outcome?.kind]).toEqual(['reply', 'reply']);
});

test('an agent that is gone already does not queue', async () => {
  const ctx = context();
  const policy = bulkhead(ctx);
  start(policy, script(openReply().reply));
  const on = exchange();
  on.hangUp();
  const call = start(policy, script(), on);
  await settle();
  expect(call.outcome).toMatchObject({ verdict: 'cancelled' });
  expect(shown(ctx)).toMatchObject({ queued: 0 });
});

test('an agent that hangs up in the moment it is served is not sent, and its place is free', async () => {
  const ctx = context();
  const policy = bulkhead(ctx);
  start(policy, script(failure('upstream_unreachable', 'no')));
  const second = start(policy, script());
  const places = placesOf(ctx, 'main');
  expect(places.inspect()).toMatchObject({ queued: 1 });
  places.limit({ concurrent: 2, queue: 1 });
  second.on.hangUp();
  await settle();
  expect(second.outcome).toMatchObject({ verdict: 'cancelled', sent: 'no' });
  expect(places.inspect()).toMatchObject({ inUse: 0 });
});

test('failures and standing streams give their place back when they are handed up', async () => {
  const ctx = context();
  const policy = bulkhead(ctx);
  await policy.run(exchange(), script(failure('upstream_unreachable', 'no')));
  expect(shown(ctx)).toMatchObject({ inUse: 0 });
  await policy.run(exchange(), script(openReply({ standing: true }).reply));
  expect(shown(ctx)).toMatchObject({ inUse: 0 });
});

test('a tunnel holds its place until it ends, a discarded reply until it is discarded', async () => {
  const ctx = context();
  const policy = bulkhead(ctx);
  const tunnel = openTunnel();
  await policy.run(exchange(), script(tunnel.tunnel));
  expect(shown(ctx)).toMatchObject({ inUse: 1 });
  tunnel.end();
  await settle();
  const stream = openReply();
  await policy.run(exchange(), script(stream.reply));
  await settle();
  expect(shown(ctx)).toMatchObject({ inUse: 1 });
  stream.reply.discard();
  await settle();
  expect(shown(ctx)).toMatchObject({ inUse: 0 });
});

test('a bug below gives the place back and goes on to whoever contains it', async () => {
  const ctx = context();
  await expect(bulkhead(ctx).run(exchange(), () => Promise.reject(new Error('bug')))).rejects.toThrow('bug');
  expect(shown(ctx)).toMatchObject({ inUse: 0 });
});

test('upstreams have places of their own', async () => {
  const ctx = context();
  start(bulkhead(ctx), script(openReply().reply));
  const other = createBulkhead(settings(), 'other', ctx);
  expect(await other.run(exchange(), script(wholeReply()))).toMatchObject({ kind: 'reply' });
});

test('a bulkhead that only observes counts, notes what it would do and admits all', async () => {
  const ctx = context();
  const policy = bulkhead(ctx, { observe: true });
  const streams = [openReply(), openReply(), openReply()];
  const calls = streams.map(({ reply }) => start(policy, script(reply)));
  await settle();
  expect(calls.map(({ outcome }) => outcome?.kind)).toEqual(['reply', 'reply', 'reply']);
  expect(calls.map(({ on }) => on.events)).toEqual([
    [],
    [{ kind: 'would', attempt: 1, event: { kind: 'bulkhead-waited', attempt: 1, upstream: 'main', waitMs: 0 } }],
    [{ kind: 'would', attempt: 1, event: { kind: 'bulkhead-rejected', attempt: 1, upstream: 'main', reason: 'full' } }],
  ]);
  expect(policy.inspect?.()).toMatchObject({ inUse: 3, limit: 1 });
  for (const stream of streams) stream.end();
  await settle();
  expect(policy.inspect?.()).toMatchObject({ inUse: 0 });
});
