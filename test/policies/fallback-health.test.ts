import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { circuitsOf } from '../../src/policies/circuits.ts';
import { ModelHealth, modelHealthOf } from '../../src/policies/fallback/model-health.ts';
import { createModelWatch } from '../../src/policies/fallback/watch-models.ts';
import { ask, fallback, llmCall, spares } from './fallback-kit.ts';
import { type Answer, body, context, dialect, exchange, openReply, openTunnel, post, script, type TestContext, wholeReply } from './kit.ts';

const health = (ctx: TestContext, upstream = 'main') => modelHealthOf(ctx, upstream).inspect();

/** An attempt that takes 20 ms to its outcome. */
async function attempt(ctx: TestContext, outcome: Answer, on = ask()) {
  const slow: Answer = async (at) => {
    await ctx.clock.advance(20);
    return typeof outcome === 'function' ? outcome(at) : outcome;
  };
  return createModelWatch(ctx).run(on, script(slow));
}

describe('the health of a model', () => {
  it('is its share of good attempts and the middle of the times to their first byte', async () => {
    const ctx = context();
    for (const verdict of ['ok', 'ok', 'overloaded', 'ok'] as const) await attempt(ctx, wholeReply({ verdict }));

    expect(health(ctx)).toEqual([{ model: 'large', attempts: 4, successRatio: 0.75, firstByteP50Ms: 20 }]);
  });

  it.each<[Verdict, 'good' | 'bad' | 'neither']>([
    ['ok', 'good'],
    ['rate-limited', 'bad'],
    ['quota-exhausted', 'bad'],
    ['overloaded', 'bad'],
    ['server-error', 'bad'],
    ['model-unavailable', 'bad'],
    ['invalid-output', 'bad'],
    ['auth', 'bad'],
    ['client-error', 'neither'],
    ['context-length', 'neither'],
    ['content-filter', 'neither'],
    ['tool-error', 'neither'],
  ])('takes %s for %s', async (verdict, counted) => {
    const ctx = context();
    await attempt(ctx, wholeReply({ verdict }));

    expect(health(ctx).map(({ successRatio }) => successRatio)).toEqual(counted === 'neither' ? [] : [counted === 'good' ? 1 : 0]);
  });

  it('counts a stream by how it ended, with the time to its first byte', async () => {
    const ctx = context();
    const stream = openReply();
    await attempt(ctx, stream.reply);
    expect(health(ctx)).toEqual([]);
    stream.end({ verdict: 'network', complete: false });
    await ctx.clock.advance(0);

    expect(health(ctx)).toEqual([{ model: 'large', attempts: 1, successRatio: 0, firstByteP50Ms: 20 }]);
  });

  it('counts a tunnel and a standing stream by their head', async () => {
    const ctx = context();
    await attempt(ctx, openTunnel().tunnel);
    await attempt(ctx, openReply({ standing: true }).reply);

    expect(health(ctx)).toMatchObject([{ attempts: 2, successRatio: 1 }]);
  });

  it('learns nothing from injected faults, refusals, agents that leave, and time that was spent elsewhere', async () => {
    const ctx = context();
    await attempt(ctx, wholeReply({ verdict: 'overloaded', origin: 'chaos' }));
    await attempt(ctx, failure('upstream_timeout', 'injected', { origin: 'chaos', sent: 'maybe' }));
    await attempt(ctx, failure('circuit_open', 'open'));
    await attempt(ctx, failure('cancelled', 'left', { sent: 'maybe' }));
    await attempt(ctx, failure('deadline_exceeded', 'too long'));
    expect(health(ctx)).toEqual([]);

    await attempt(ctx, failure('deadline_exceeded', 'too long', { sent: 'maybe' }));
    await attempt(ctx, failure('upstream_unreachable', 'refused'));
    expect(health(ctx)).toEqual([{ model: 'large', attempts: 2, successRatio: 0, firstByteP50Ms: null }]);
  });

  it('is kept by upstream and model: the target’s, else the one in the request, as far as it is known', async () => {
    const ctx = context();
    const ok = wholeReply();
    await attempt(ctx, ok, { ...ask(), target: { upstream: 'spare', model: 'small' } });
    await attempt(ctx, ok, ask());
    await attempt(ctx, ok, exchange({ request: post({ call: () => new Promise(() => {}) }) }));

    expect(health(ctx, 'spare').map(({ model }) => model)).toEqual(['small']);
    expect(health(ctx).map(({ model }) => model)).toEqual([null, 'large']);
  });

  it('does not read an upload on to learn the model', async () => {
    const ctx = context();
    let asked = 0;
    const call = () => {
      asked += 1;
      return llmCall;
    };
    const request = post({ call, body: body('{}', false) });
    await attempt(ctx, wholeReply(), exchange({ request, dialect: { ...dialect, readsBody: true } }));

    expect(asked).toBe(0);
    expect(health(ctx)).toMatchObject([{ model: null, attempts: 1 }]);
  });

  it('is forgotten after five minutes', async () => {
    const ctx = context();
    await attempt(ctx, wholeReply({ verdict: 'overloaded' }));
    await ctx.clock.advance(4 * 60_000);
    await attempt(ctx, wholeReply());
    expect(health(ctx)).toMatchObject([{ attempts: 2, successRatio: 0.5 }]);
    await ctx.clock.advance(61_000);
    expect(health(ctx)).toMatchObject([{ attempts: 1, successRatio: 1 }]);
    await ctx.clock.advance(300_000);
    expect(health(ctx)).toEqual([{ model: 'large', attempts: 0, successRatio: null, firstByteP50Ms: null }]);
  });

  it('is kept of 40 models of an upstream, and of names that are not too long', () => {
    const ctx = context();
    const kept = new ModelHealth(ctx.clock);
    for (let i = 0; i < 60; i += 1) kept.record(`model-${i}`, true, 1);
    kept.record('x'.repeat(10_000), true, 1);

    const models = kept.inspect().map(({ model }) => model);
    expect(models).toHaveLength(40);
    expect(models).toContain('model-59');
    expect(models).not.toContain('model-20');
    expect(models).toContain('x'.repeat(128));
  });

  it('is shown by the fallback, for its own upstream and those of its targets, beside what it would do', async () => {
    const ctx = context();
    await attempt(ctx, wholeReply());
    await attempt(ctx, wholeReply({ verdict: 'overloaded' }), { ...ask(), target: { upstream: 'last', model: 'small' } });
    await attempt(ctx, wholeReply(), { ...ask(), target: { upstream: 'unrelated' } });
    circuitsOf(ctx, 'spare').force('open');

    expect(fallback(spares, [], { ctx }).policy.inspect?.()).toMatchObject({
      targets: [
        { upstream: 'spare', shut: true, observe: false },
        { upstream: 'last', model: 'small', shut: false, observe: false },
      ],
      health: [
        { upstream: 'main', model: 'large', attempts: 1, successRatio: 1, firstByteP50Ms: 20 },
        { upstream: 'last', model: 'small', attempts: 1, successRatio: 0, firstByteP50Ms: null },
      ],
    });
  });
});

test('whatever was recorded, a reading is that of the latest 128 attempts of five minutes', async () => {
  const step = fc.record({ waitMs: fc.nat(20_000), good: fc.boolean(), firstByteMs: fc.option(fc.nat(5000), { nil: undefined }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 300 }), async (steps) => {
      const { clock } = context();
      const kept = new ModelHealth(clock);
      const all: { at: number; good: boolean; firstByteMs: number | undefined }[] = [];
      for (const { waitMs, ...attempted } of steps) {
        await clock.advance(waitMs);
        kept.record('large', attempted.good, attempted.firstByteMs);
        all.push({ at: clock.now(), ...attempted });
      }
      const latest = all.slice(-128).filter(({ at }) => at >= clock.now() - 300_000);
      const times = latest.flatMap(({ firstByteMs }) => firstByteMs ?? []).toSorted((a, b) => a - b);
      const [reading] = kept.inspect();

      expect(reading?.attempts ?? 0).toBe(latest.length);
      if (!reading || latest.length === 0) return;
      expect(reading.successRatio).toBeCloseTo(latest.filter(({ good }) => good).length / latest.length);
      const p50 = reading.firstByteP50Ms;
      if (p50 === null) expect(times).toEqual([]);
      else {
        expect(times).toContain(p50);
        expect(times.filter((ms) => ms <= p50).length).toBeGreaterThanOrEqual(times.length / 2);
        expect(times.filter((ms) => ms >= p50).length).toBeGreaterThanOrEqual(times.length / 2);
      }
    }),
    { numRuns: 60 },
  );
});
