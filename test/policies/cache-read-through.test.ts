import { describe, expect, it } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import { cacheSettings } from '../../src/policies/cache.ts';
import { field, fixed, llm, readThrough, results, seen } from './cache-kit.ts';
import { context, exchange, request, script, wholeReply } from './kit.ts';

const get = (headers: readonly string[] = []) => exchange({ request: request({ headers }) });
const unreachable = () => failure('upstream_unreachable', 'no connection');

describe('a cache that is read through', () => {
  it('answers while the answer is fresh, without a call', async () => {
    const { run, clock, policy } = readThrough();
    const inner = script(wholeReply({ headers: ['x-a', '1'] }, 'first'), wholeReply({}, 'second'));
    const first = fixed();
    expect(await seen(await run(first, inner))).toMatchObject({ origin: 'upstream', cacheStatus: 'outrigger; fwd=miss; stored' });
    expect(results(first)).toEqual(['miss', 'stored']);

    await clock.advance(59_999);
    const again = fixed();
    const outcome = await run(again, inner);
    expect(outcome.kind === 'reply' && [field(outcome, 'age'), field(outcome, 'x-a'), field(outcome, 'x-outrigger-degraded')]).toEqual([
      '59',
      '1',
      undefined,
    ]);
    expect(await seen(outcome)).toEqual({ origin: 'cache', status: 200, text: 'first', cacheStatus: 'outrigger; hit' });
    expect(again.noted('cache')).toEqual([{ kind: 'cache', attempt: 0, result: 'hit', ageMs: 59_999 }]);
    expect(inner.calls).toHaveLength(1);

    await clock.advance(1);
    expect(await seen(await run(fixed(), inner))).toMatchObject({ text: 'second', cacheStatus: 'outrigger; fwd=stale; stored' });
    expect(policy.inspect?.()).toMatchObject({ entries: 1, hits: 1, copyingBytes: 0 });
  });

  it('keeps streams as well, and serves them as such', async () => {
    const { run } = readThrough();
    const inner = script(wholeReply({ headers: ['content-type', 'text/event-stream'] }, 'data: x\n\n'));
    await seen(await run(fixed({ stream: true }), inner));
    const outcome = await run(fixed({ stream: true }), inner);
    expect(outcome.kind === 'reply' && field(outcome, 'content-type')).toBe('text/event-stream');
    expect(await seen(outcome)).toMatchObject({ origin: 'cache', text: 'data: x\n\n' });
  });

  it('lets calls pass whose answer is left to chance, and keeps theirs for when all else fails', async () => {
    const { run } = readThrough();
    const inner = script(wholeReply({}, 'first'), wholeReply({}, 'second'), unreachable());
    const first = llm();
    expect(await seen(await run(first, inner))).toMatchObject({ text: 'first', cacheStatus: 'outrigger; fwd=bypass; stored' });
    expect(results(first)).toEqual(['bypass', 'stored']);
    expect(await seen(await run(llm(), inner))).toMatchObject({ text: 'second' });
    expect(await seen(await run(llm(), inner))).toMatchObject({ text: 'second', cacheStatus: 'outrigger; hit; detail=stale-if-error' });
  });

  it('serves those too with any', async () => {
    const { run } = readThrough({ any: true });
    const inner = script(wholeReply({}, 'first'));
    await seen(await run(llm(), inner));
    expect(await seen(await run(llm(), inner))).toMatchObject({ origin: 'cache', text: 'first' });
  });

  it('serves the answer to a read for as long as the upstream says, and not above fresh', async () => {
    for (const [control, freshMs] of [
      ['max-age=10', 10_000],
      ['max-age=3600', 60_000],
    ] as const) {
      const { run, clock } = readThrough();
      const inner = script(wholeReply({ headers: ['cache-control', control] }, 'first'), wholeReply({}, 'second'));
      await seen(await run(get(), inner));
      await clock.advance(freshMs - 1);
      expect(await seen(await run(get(), inner))).toMatchObject({ origin: 'cache', text: 'first' });
      await clock.advance(1);
      expect(await seen(await run(get(), inner))).toMatchObject({ origin: 'upstream', text: 'second' });
    }
  });

  it('asks again for a read of which the upstream says nothing, unless any answer will do', async () => {
    const answers = () => script(wholeReply({}, 'first'), wholeReply({}, 'second'));
    for (const [any, text] of [
      [false, 'second'],
      [true, 'first'],
    ] as const) {
      const { run } = readThrough({ any });
      const inner = answers();
      await seen(await run(get(), inner));
      expect(await seen(await run(get(), inner))).toMatchObject({ text });
    }
  });

  it('never serves one caller what another one got', async () => {
    const { run } = readThrough();
    const inner = script(wholeReply({}, 'for alice'), wholeReply({}, 'for bob'));
    const of = (name: string) => llm({ deterministic: true }, undefined, ['x-api-key', name]);
    await seen(await run(of('alice'), inner));
    expect(await seen(await run(of('bob'), inner))).toMatchObject({ origin: 'upstream', text: 'for bob' });
  });

  it('asks the upstream for a caller that insists on it', async () => {
    const { run } = readThrough();
    const inner = script(wholeReply({}, 'first'), wholeReply({}, 'second'), wholeReply({}, 'third'));
    await seen(await run(fixed(), inner));
    for (const [field, value] of [
      ['cache-control', 'max-age=5'],
      ['Pragma', 'no-cache'],
    ] as const) {
      const call = llm({ deterministic: true }, undefined, ['authorization', 'Bearer alice', field, value]);
      expect(await seen(await run(call, inner))).toMatchObject({ origin: 'upstream' });
      expect(results(call)).toEqual(['bypass', 'stored']);
    }
    expect(await seen(await run(fixed(), inner))).toMatchObject({ origin: 'cache', text: 'third' });
  });

  it('stands in for a failure as well', async () => {
    const { run, clock } = readThrough();
    const inner = script(wholeReply({}, 'first'), unreachable());
    await seen(await run(fixed(), inner));
    await clock.advance(3_600_000);
    const call = fixed();
    expect(await seen(await run(call, inner))).toMatchObject({ text: 'first', cacheStatus: 'outrigger; hit; detail=stale-if-error' });
    expect(results(call)).toEqual(['miss', 'stale']);
  });

  it('only looks in observe mode', async () => {
    const { run } = readThrough({ observe: true });
    const inner = script(wholeReply({}, 'first'), wholeReply({}, 'second'));
    await seen(await run(fixed(), inner));
    const call = fixed();
    expect(await seen(await run(call, inner))).toEqual({ origin: 'upstream', status: 200, text: 'second', cacheStatus: undefined });
    expect(call.noted('cache')).toEqual([]);
    expect(call.noted('would').map(({ event }) => event.kind === 'cache' && event.result)).toEqual(['hit', 'stored']);
  });

  it('has a bug of its own contained, and no answer forgotten', async () => {
    const { run } = readThrough();
    const bug = new Error('bug');
    const call = fixed();
    expect(await run(call, () => Promise.reject(bug))).toMatchObject({ code: 'internal_error' });
    expect(call.noted('bug')).toEqual([{ kind: 'bug', attempt: 0, error: bug }]);
  });

  it('goes by the settings of now for answers of before', async () => {
    const given = context();
    const before = readThrough({ fresh: '10s' }, given);
    const inner = script(wholeReply({}, 'first'));
    await seen(await before.run(fixed(), inner));
    await given.clock.advance(30_000);
    expect(await seen(await readThrough({ fresh: '60s' }, given).run(fixed(), inner))).toMatchObject({ text: 'first' });
  });
});

describe('the settings of a cache', () => {
  it('have the defaults that are told', () => {
    expect(cacheSettings.parse({})).toEqual({
      mode: 'fallback',
      fresh: 0,
      staleIfError: 86_400_000,
      maxBytes: 256 * 1024 ** 2,
      maxEntry: 4 * 1024 ** 2,
      any: false,
      shared: false,
      observe: false,
    });
    expect(cacheSettings.safeParse({ ttl: '1s' }).success).toBe(false);
  });
});
