import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/core/dialect.ts';
import { failure } from '../../src/core/failure.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { type BulkheadSettings, bulkheadSettings, createBulkhead } from '../../src/policies/bulkhead.ts';
import { placesOf } from '../../src/policies/places.ts';
import { settle } from '../kit/timing.ts';
import { context, exchange, openReply, openTunnel, request, script, type TestContext, wholeReply } from './kit.ts';

const bulkhead = (ctx: TestContext, overrides: Partial<BulkheadSettings> = {}) =>
  createBulkhead({ ...bulkheadSettings.parse({ concurrent: 10, adaptive: true }), ...overrides }, 'main', ctx);

const shown = (ctx: TestContext) => placesOf(ctx, 'main').inspect() as { limit: number; inUse: number; adaptive?: object };

/** So many calls at the same moment, all answered after `afterMs`. */
async function round(ctx: TestContext, size: number, answer: () => Outcome, afterMs = 100, overrides: Partial<BulkheadSettings> = {}) {
  const policy = bulkhead(ctx, overrides);
  const answers = Array.from({ length: size }, () => Promise.withResolvers<Outcome>());
  const calls = answers.map(({ promise }) => policy.run(exchange(), () => promise));
  await ctx.clock.advance(afterMs);
  for (const { resolve } of answers) resolve(answer());
  await Promise.all(calls);
}

const limited = () => wholeReply({ verdict: 'rate-limited', status: 429 });

function endedTunnel(): Outcome {
  const open = openTunnel();
  open.end();
  return open.tunnel;
}

describe('an adaptive bulkhead', () => {
  it.each([
    ['a 429', limited],
    ['an overload', () => wholeReply({ verdict: 'overloaded', status: 529 })],
    ['a first byte that did not come in time', () => failure('upstream_timeout', 'late', { phase: 'firstByte' })],
  ])('lets fewer calls run at a time after %s, one cut for all that were under way', async (_name, answer) => {
    const ctx = context();
    await round(ctx, 10, answer);
    expect(shown(ctx)).toMatchObject({ limit: 7, inUse: 0, adaptive: { ceiling: 10 } });
    await round(ctx, 7, answer);
    expect(shown(ctx).limit).toBe(4);
  });

  it('keeps those waiting that are above the limit, and serves them as it grows', async () => {
    const ctx = context();
    await round(ctx, 3, limited);
    await round(ctx, 3, limited);
    expect(shown(ctx).limit).toBe(2);
    const streams = [openReply(), openReply(), openReply()];
    const policy = bulkhead(ctx);
    let begun = 0;
    for (const { reply } of streams) {
      void policy.run(exchange(), () => {
        begun += 1;
        return Promise.resolve(reply);
      });
    }
    await settle();
    // The two that run have answered well: that has made room for the third, though no place was given back.
    expect(begun).toBe(3);
    expect(shown(ctx)).toMatchObject({ inUse: 3, limit: 3 });
  });

  it.each([
    ['an injected fault', () => wholeReply({ verdict: 'rate-limited', status: 429, origin: 'chaos' })],
    ['another failure', () => wholeReply({ verdict: 'server-error', status: 500 })],
    ['an upstream that cannot be reached', () => failure('upstream_unreachable', 'no')],
    ['the deadline of a call', () => failure('deadline_exceeded', 'late', { phase: 'deadline' })],
    ['a tunnel', endedTunnel],
    ['a standing stream', () => openReply({ standing: true }).reply],
  ])('learns nothing from %s', async (_name, answer) => {
    const ctx = context();
    await round(ctx, 4, limited);
    expect(shown(ctx).limit).toBe(5);
    const before = shown(ctx).adaptive;
    for (let i = 0; i < 40; i += 1) await round(ctx, 1, answer, 1000);
    expect(shown(ctx)).toMatchObject({ limit: 5, adaptive: before });
  });

  it('follows the time to the first byte', async () => {
    const ctx = context();
    for (let i = 0; i < 20; i += 1) await round(ctx, 10, wholeReply, 100);
    expect(shown(ctx)).toMatchObject({ limit: 10, adaptive: { recentFirstByteMs: 100, usualFirstByteMs: 100 } });
    for (let i = 0; i < 3; i += 1) await round(ctx, 10, wholeReply, 1000);
    expect(shown(ctx).limit).toBeLessThan(9);
  });

  it.each<[string, Call | Promise<Call>, boolean]>([
    ['of a stream', { kind: 'llm', stream: true, repeatable: true, stateful: false }, true],
    ['of a tool', { kind: 'tool', repeatable: true, stateful: false }, true],
    ['not of a whole model answer, which takes as long as it is', { kind: 'llm', repeatable: true, stateful: false }, false],
    ['not of a call that nobody can describe yet', Promise.resolve({ kind: 'tool', repeatable: true, stateful: false }), false],
  ])('learns from the first byte %s', async (_name, call, learns) => {
    const ctx = context();
    const asked = exchange({ request: request({ call: () => call }) });
    const answer = Promise.withResolvers<Outcome>();
    const outcome = bulkhead(ctx).run(asked, () => answer.promise);
    await ctx.clock.advance(250);
    answer.resolve(wholeReply());
    await outcome;
    expect(shown(ctx).adaptive).toMatchObject({ recentFirstByteMs: learns ? 250 : 0 });
  });

  it('counts a stream that is given up for overload after it has begun', async () => {
    const ctx = context();
    const stream = openReply();
    await bulkhead(ctx).run(exchange(), script(stream.reply));
    stream.end({ verdict: 'overloaded', complete: false });
    await settle();
    expect(shown(ctx)).toMatchObject({ limit: 1, inUse: 0 });
  });

  it('keeps what it has learned over a reload, below the new number of places', async () => {
    const ctx = context();
    await round(ctx, 10, limited);
    bulkhead(ctx, { concurrent: 20 });
    expect(shown(ctx)).toMatchObject({ limit: 7, adaptive: { ceiling: 20 } });
    bulkhead(ctx, { concurrent: 5 });
    expect(shown(ctx).limit).toBe(5);
    bulkhead(ctx, { adaptive: false });
    expect(placesOf(ctx, 'main').inspect()).toEqual({ inUse: 0, limit: 10, queued: 0, queueLimit: 256 });
  });

  it('in observe mode learns its limit and holds nobody to it', async () => {
    const ctx = context();
    await round(ctx, 10, limited, 100, { observe: true });
    const calls = Array.from({ length: 9 }, () => exchange({ attempt: 1 }));
    const policy = bulkhead(ctx, { observe: true });
    await Promise.all(calls.map((on) => policy.run(on, script(openReply({}).reply))));
    expect(calls.map((on) => on.noted('would').length)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1]);
    expect(shown(ctx).inUse).toBe(9);
  });
});
