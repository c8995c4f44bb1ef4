import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/core/outcome.ts';
import { type BulkheadSettings, bulkheadSettings, createBulkhead } from '../../src/policies/bulkhead.ts';
import { placesOf } from '../../src/policies/places.ts';
import { context, exchange, type OpenReply, openReply, script, type TestContext } from './kit.ts';

const bulkhead = (ctx: TestContext, overrides: Partial<BulkheadSettings> = {}) =>
  createBulkhead({ ...bulkheadSettings.parse({ concurrent: 4, queue: 4, perAgent: '50%' }), ...overrides }, 'main', ctx);

const settle = () => new Promise((resolve) => setImmediate(resolve));
const shown = (ctx: TestContext) => placesOf(ctx, 'main').inspect();

/** A call of an agent whose answer goes on until it is ended. */
function start(policy: ReturnType<typeof bulkhead>, agent: string) {
  const stream = openReply();
  const on = exchange({ agent: { name: agent, source: 'header' }, attempt: 1 });
  const call: { on: typeof on; stream: OpenReply; outcome?: Outcome } = { on, stream };
  void policy.run(on, script(stream.reply)).then((outcome) => {
    call.outcome = outcome;
  });
  return call;
}

describe('a bulkhead with a share for each agent', () => {
  it('lets an agent have its share of the places, and the next agent the rest', async () => {
    const ctx = context();
    const policy = bulkhead(ctx);
    const busy = [1, 2, 3].map(() => start(policy, 'busy'));
    await settle();
    expect(busy.map(({ outcome }) => outcome?.kind)).toEqual(['reply', 'reply', undefined]);
    // Whoever waits for its own share is passed by those who do not.
    const other = start(policy, 'other');
    await settle();
    expect(other.outcome).toMatchObject({ kind: 'reply' });
    expect(shown(ctx)).toEqual({ inUse: 3, limit: 4, queued: 1, queueLimit: 4, agents: { busy: 2, other: 1 } });
    busy[0]?.stream.end();
    await settle();
    expect(busy[2]?.outcome).toMatchObject({ kind: 'reply' });
    expect(busy[2]?.on.noted('bulkhead-waited')).toHaveLength(1);
  });

  it('gives a place that is free to the first who may have it', async () => {
    const ctx = context();
    const policy = bulkhead(ctx);
    const [first] = ['busy', 'busy', 'calm', 'calm'].map((agent) => start(policy, agent));
    const waiting = ['calm', 'busy', 'other'].map((agent) => start(policy, agent));
    await settle();
    first?.stream.end();
    await settle();
    expect(waiting.map(({ outcome }) => outcome?.kind)).toEqual([undefined, 'reply', undefined]);
  });

  it('turns an agent away that has its share of the queue, and no other', async () => {
    const ctx = context();
    const policy = bulkhead(ctx);
    const calls = [1, 2, 3, 4, 5].map(() => start(policy, 'busy'));
    await settle();
    expect(calls[4]?.outcome).toMatchObject({ code: 'bulkhead_full', retryAfterMs: 1000 });
    expect(calls[4]?.on.events).toEqual([{ kind: 'bulkhead-rejected', attempt: 1, upstream: 'main', reason: 'share' }]);
    for (let i = 0; i < 4; i += 1) start(policy, 'other');
    await settle();
    expect(shown(ctx)).toMatchObject({ inUse: 4, queued: 4 });
    const late = start(policy, 'third');
    await settle();
    expect(late.on.noted('bulkhead-rejected')).toMatchObject([{ reason: 'full' }]);
  });

  it('says of a wait that is over what it was for', async () => {
    const ctx = context();
    const policy = bulkhead(ctx);
    const busy = [1, 2, 3].map(() => start(policy, 'busy'));
    const others = ['a', 'b', 'c'].map((agent) => start(policy, agent));
    await ctx.clock.advance(10_000);
    expect(busy[2]?.on.noted('bulkhead-rejected')).toMatchObject([{ reason: 'share' }]);
    expect(others[2]?.on.noted('bulkhead-rejected')).toMatchObject([{ reason: 'wait' }]);
  });

  it('says so where there is no queue, too', async () => {
    const ctx = context();
    const policy = bulkhead(ctx, { queue: 0 });
    const calls = [1, 2, 3].map(() => start(policy, 'busy'));
    await settle();
    expect(calls[2]?.on.noted('bulkhead-rejected')).toMatchObject([{ reason: 'share' }]);
  });

  it('leaves every agent one place, however small the share', async () => {
    const policy = bulkhead(context(), { perAgent: 0.01 });
    const calls = ['a', 'b', 'a'].map((agent) => start(policy, agent));
    await settle();
    expect(calls.map(({ outcome }) => outcome?.kind)).toEqual(['reply', 'reply', undefined]);
  });

  it('forgets an agent that has no call any more', async () => {
    const ctx = context();
    const policy = bulkhead(ctx);
    const calls = ['a', 'b', 'b'].map((agent) => start(policy, agent));
    await settle();
    for (const { stream } of calls.slice(0, 2)) stream.end();
    await settle();
    expect(shown(ctx)).toEqual({ inUse: 1, limit: 4, queued: 0, queueLimit: 4, agents: { b: 1 } });
    await expect(policy.run(exchange({ agent: { name: 'c', source: 'header' } }), () => Promise.reject(new Error('bug')))).rejects.toThrow(
      'bug',
    );
    expect(shown(ctx)).toMatchObject({ agents: { b: 1 } });
  });

  it('counts nothing for an agent that hangs up in the moment it is served', async () => {
    const ctx = context();
    const policy = bulkhead(ctx);
    const [, , third] = [1, 2, 3].map(() => start(policy, 'busy'));
    await settle();
    placesOf(ctx, 'main').limit({ concurrent: 4, queue: 4, perAgent: 1 });
    expect(shown(ctx)).toMatchObject({ inUse: 3, agents: { busy: 3 } });
    third?.on.hangUp();
    await settle();
    expect(third?.outcome).toMatchObject({ verdict: 'cancelled' });
    expect(shown(ctx)).toMatchObject({ inUse: 2, queued: 0, agents: { busy: 2 } });
  });

  it('in observe mode tells who would be turned away, and admits all', async () => {
    const policy = bulkhead(context(), { observe: true });
    const calls = [1, 2, 3, 4, 5].map(() => start(policy, 'busy'));
    await settle();
    const would = calls.map(({ on }) => on.noted('would').map(({ event }) => event));
    expect(calls.every(({ outcome }) => outcome?.kind === 'reply')).toBe(true);
    expect(would.map(([event]) => (event?.kind === 'bulkhead-rejected' ? event.reason : event?.kind))).toEqual([
      undefined,
      undefined,
      'bulkhead-waited',
      'bulkhead-waited',
      'share',
    ]);
  });

  it('never gives an agent more than its share, loses no place, and lets nobody wait for a place that is free', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ agent: fc.constantFrom('a', 'b', 'c') }) },
      { weight: 3, arbitrary: fc.record({ end: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ hangUp: fc.nat() }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 50 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 100 }),
        async (steps, concurrent, percent) => {
          const ctx = context();
          const policy = bulkhead(ctx, { concurrent, queue: 6, perAgent: percent / 100 });
          const share = Math.max(1, Math.floor((concurrent * percent) / 100));
          let calls: ReturnType<typeof start>[] = [];
          for (const now of steps) {
            if ('agent' in now) calls.push(start(policy, now.agent));
            else if ('end' in now) {
              const running = calls.filter(({ outcome }) => outcome?.kind === 'reply');
              running[now.end % Math.max(running.length, 1)]?.stream.end();
              calls = calls.filter((call) => call !== running[now.end % Math.max(running.length, 1)]);
            } else calls.filter(({ outcome }) => !outcome)[now.hangUp]?.on.hangUp();
            await settle();
            calls = calls.filter(({ outcome }) => outcome?.kind !== 'failure');
            const held = (name: string) => calls.filter(({ on, outcome }) => outcome && on.agent.name === name).length;
            const running = calls.filter(({ outcome }) => outcome).length;
            for (const name of ['a', 'b', 'c']) expect(held(name)).toBeLessThanOrEqual(share);
            expect(shown(ctx)).toMatchObject({ inUse: running, queued: calls.length - running });
            if (running < concurrent) {
              const waiting = calls.filter(({ outcome }) => !outcome).map(({ on }) => on.agent.name);
              for (const name of waiting) expect(held(name)).toBe(share);
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
