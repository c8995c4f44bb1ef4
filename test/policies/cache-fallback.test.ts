import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/core/error-codes.ts';
import { failure } from '../../src/core/failure.ts';
import type { Reply } from '../../src/core/outcome.ts';
import { stack } from '../../src/core/policy.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { createDeadline } from '../../src/policies/deadline.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { createRoute } from '../../src/policies/route.ts';
import { cache, field, llm, results, seen } from './cache-kit.ts';
import { body, context, exchange, hanging, openReply, openTunnel, post, request, script, textOf, wholeReply } from './kit.ts';

const unreachable = () => failure('upstream_unreachable', 'no connection');
const stale = { origin: 'cache', status: 200, text: 'first', cacheStatus: 'outrigger; hit; detail=stale-if-error' };

/** A cache that has kept the answer `first` to the call of `llm()`. */
async function warm(overrides?: Parameters<typeof cache>[0], given = context()) {
  const policy = cache(overrides, given);
  const outcome = await policy.run(llm(), script(wholeReply({}, 'first')));
  await seen(outcome);
  return { policy, clock: given.clock };
}

describe('a cache as fallback', () => {
  it('lets every call through, keeps the answer and says so', async () => {
    const policy = cache();
    const call = llm();
    const inner = script(wholeReply({}, 'first'), wholeReply({}, 'second'));

    expect(await seen(await policy.run(call, inner))).toEqual({
      origin: 'upstream',
      status: 200,
      text: 'first',
      cacheStatus: 'outrigger; fwd=miss; stored',
    });
    expect(results(call)).toEqual(['stored']);
    expect(await seen(await policy.run(llm(), inner))).toMatchObject({ text: 'second' });
    expect(inner.calls).toHaveLength(2);
  });

  it('answers with what it has kept when all else failed, marked and with its age', async () => {
    const { policy, clock } = await warm();
    await clock.advance(90_500);
    const call = llm();

    const outcome = await policy.run(call, script(unreachable()));

    expect(outcome.kind === 'reply' && [field(outcome, 'age'), field(outcome, 'x-outrigger-degraded')]).toEqual(['90', 'cache']);
    expect(await seen(outcome)).toEqual(stale);
    expect(call.noted('cache')).toEqual([{ kind: 'cache', attempt: 0, result: 'stale', ageMs: 90_500 }]);
    expect(policy.inspect?.()).toMatchObject({ entries: 1, hits: 1, copyingBytes: 0 });
  });

  it('hands the failure up where it has nothing', async () => {
    const call = llm();

    expect(await cache().run(call, script(unreachable()))).toEqual(unreachable());
    expect(results(call)).toEqual(['miss']);
  });

  it('gives a bad reply up in whose place it answers, and passes it on where it has nothing', async () => {
    const { policy } = await warm();
    const bad = openReply({ verdict: 'overloaded', status: 503 });
    expect(await seen(await policy.run(llm(), script(bad.reply)))).toEqual(stale);
    expect(bad.discarded).toBe(true);

    const unknown = openReply({ verdict: 'overloaded', status: 503 });
    expect(await policy.run(llm({}, '{"model":"other"}'), script(unknown.reply))).toBe(unknown.reply);
    expect(unknown.discarded).toBe(false);
  });

  it.each([
    'rate-limited',
    'quota-exhausted',
    'overloaded',
    'server-error',
    'network',
    'timeout',
    'model-unavailable',
    'context-length',
    'invalid-output',
  ] satisfies Verdict[])('stands in for %s', async (verdict) => {
    const { policy } = await warm();
    expect(await seen(await policy.run(llm(), script(wholeReply({ verdict, status: 500 }))))).toEqual(stale);
  });

  it.each(['client-error', 'auth', 'content-filter', 'tool-error', 'cancelled'] satisfies Verdict[])('leaves %s alone', async (verdict) => {
    const { policy } = await warm();
    const bad = wholeReply({ verdict, status: 400 });
    const call = llm();
    expect(await policy.run(call, script(bad))).toBe(bad);
    expect(results(call)).toEqual([]);
  });

  it.each<[ErrorCode, boolean]>([
    ['circuit_open', true],
    ['bulkhead_full', true],
    ['deadline_exceeded', true],
    ['agent_paused', false],
    ['draining', false],
    ['cancelled', false],
  ])('after %s: stands in is %s', async (code, standsIn) => {
    const { policy } = await warm();
    expect((await policy.run(llm(), script(failure(code, 'no')))).kind).toBe(standsIn ? 'reply' : 'failure');
  });

  it('answers when the deadline inside of it has ended the rest', async () => {
    const given = context();
    const { policy } = await warm({}, given);
    const run = stack([policy, createDeadline(1000, given)], hanging)(llm());
    await given.clock.advance(1000);
    expect(await seen(await run)).toEqual(stale);
  });

  it('answers nobody who has left', async () => {
    const { policy } = await warm();
    const call = llm();
    const run = policy.run(call, hanging);
    call.hangUp();
    expect(await run).toMatchObject({ kind: 'failure', code: 'cancelled' });

    const { reply } = openReply({ verdict: 'overloaded', status: 503 });
    const late = llm();
    const answered = policy.run(late, async () => reply);
    late.hangUp();
    expect(await answered).toBe(reply);
    expect(results(late)).toEqual([]);
  });

  it('answers up to staleIfError, and not a moment longer', async () => {
    const { policy, clock } = await warm({ staleIfError: '1h' });
    await clock.advance(3_600_000);
    expect(await seen(await policy.run(llm(), script(unreachable())))).toEqual(stale);
    await clock.advance(1);
    expect(await policy.run(llm(), script(unreachable()))).toMatchObject({ kind: 'failure' });
  });

  it('never gives one caller the answer of another', async () => {
    const { policy } = await warm();
    const bob = llm({}, undefined, ['authorization', 'Bearer bob']);
    expect(await policy.run(bob, script(unreachable()))).toMatchObject({ kind: 'failure' });
  });

  it('gives callers the answers of others where it is shared', async () => {
    const { policy } = await warm({ shared: true });
    const bob = llm({}, undefined, ['authorization', 'Bearer bob']);
    expect(await seen(await policy.run(bob, script(unreachable())))).toEqual(stale);
  });

  it('keeps the state of one policy set in common, and that of two apart', async () => {
    const given = context();
    await warm({}, given);
    expect((await cache({}, given).run(llm(), script(unreachable()))).kind).toBe('reply');
    const other = cache({}, given, { set: 'tool', server: 'https://llm.example', responseHeaders: true });
    expect((await other.run(llm(), script(unreachable()))).kind).toBe('failure');
  });

  it('has nothing of the server that the upstream was before', async () => {
    const given = context();
    await warm({}, given);
    const moved = cache({}, given, { set: 'llm', server: 'https://other.example', responseHeaders: true });
    expect((await moved.run(llm(), script(unreachable()))).kind).toBe('failure');
  });

  it('forgets nothing by a bad answer, and takes a newer good one', async () => {
    const { policy } = await warm();
    await policy.run(llm(), script(unreachable()));
    await seen(await policy.run(llm(), script(wholeReply({}, 'second'))));
    expect(await seen(await policy.run(llm(), script(unreachable())))).toMatchObject({ text: 'second' });
  });

  it('adds no field of ours where they are switched off', async () => {
    const policy = cache({}, context(), { set: 'llm', server: 'https://llm.example', responseHeaders: false });
    const kept = await policy.run(llm(), script(wholeReply({ headers: ['x-a', '1'] }, 'first')));
    expect(kept).toMatchObject({ headers: ['x-a', '1'] });
    await seen(kept);
    expect(await policy.run(llm(), script(unreachable()))).toMatchObject({ headers: ['x-a', '1', 'age', '0'] });
  });

  it('passes what it cannot keep on as it came', async () => {
    const policy = cache();
    const { tunnel } = openTunnel();
    const calls = [
      exchange({ request: request({ method: 'HEAD' }) }),
      exchange({ request: request({ method: 'DELETE' }) }),
      exchange({ request: post() }),
      llm({ stateful: true }),
      llm({ repeatable: false }),
      llm({}, undefined, ['cache-control', 'no-store']),
      exchange({ request: request({ body: body('x', false) }) }),
    ];
    for (const call of calls) {
      const { reply } = openReply();
      expect(await policy.run(call, script(reply))).toBe(reply);
      const { reply: bad } = openReply({ verdict: 'overloaded' });
      expect(await policy.run(call, script(bad))).toBe(bad);
      expect(results(call)).toEqual(['bypass']);
    }
    expect(await policy.run(exchange({ request: request({ upgrade: 'websocket' }) }), script(tunnel))).toBe(tunnel);
  });

  it('gives a caller that insists on the upstream nothing old, but keeps what it got', async () => {
    const { policy } = await warm();
    const insisting = () => llm({}, undefined, ['authorization', 'Bearer alice', 'cache-control', 'no-cache']);
    expect(await policy.run(insisting(), script(unreachable()))).toMatchObject({ kind: 'failure' });
    await seen(await policy.run(insisting(), script(wholeReply({}, 'newer'))));
    expect(await seen(await policy.run(llm(), script(unreachable())))).toMatchObject({ text: 'newer' });
  });

  it('makes the key while the upstream works, and not when its answer is there', async () => {
    let described = 0;
    const call = llm();
    const request = { ...call.request, call: () => ({ kind: 'llm', repeatable: true, stateful: false, described: described++ }) as const };
    const answer = Promise.withResolvers<Reply>();
    const run = cache().run({ ...call, request }, () => answer.promise);
    expect(described).toBe(1);
    answer.resolve(wholeReply());
    await run;
    expect(described).toBe(1);
  });

  it('waits for a body that is still coming before it looks', async () => {
    const { policy } = await warm();
    const late = body('{"model":"m"}');
    const whole = Promise.withResolvers<void>();
    let here = false;
    const call = llm();
    const coming = {
      ...call.request,
      body: {
        ...late,
        get bytes() {
          return here ? late.bytes : undefined;
        },
        whole: () => whole.promise.then(() => late.bytes),
      },
    };
    const run = policy.run({ ...call, request: coming }, script(failure('circuit_open', 'no')));
    here = true;
    whole.resolve();
    expect(await seen(await run)).toEqual(stale);
  });

  it('tells what it would have done in observe mode, and does nothing', async () => {
    const given = context();
    const { policy } = await warm({ observe: true }, given);
    const call = llm();
    const reply = wholeReply({}, 'x');
    expect(await policy.run(call, script(unreachable()))).toEqual(unreachable());
    expect(call.noted('would').map(({ event }) => event)).toEqual([{ kind: 'cache', attempt: 0, result: 'stale', ageMs: 0 }]);
    expect(call.noted('cache')).toEqual([]);
    const passed = await policy.run(llm(), script(reply));
    expect(passed).toMatchObject({ headers: [], origin: 'upstream' });
  });

  it('leaves the guard able to discard an answer that it has marked', async () => {
    const answer = openReply();
    const route = createRoute(new Map([['main', script(answer.reply)]]), context().clock);
    const replaces = {
      name: 'replaces',
      async run(call: Parameters<typeof route>[0], next: typeof route) {
        await next(call);
        return unreachable();
      },
    };
    expect(await stack([createGuarded(), replaces, cache()], route)(llm())).toMatchObject({ kind: 'failure' });
    expect(answer.discarded).toBe(true);

    const kept = openReply();
    const outcome = await stack([createGuarded(), cache()], createRoute(new Map([['main', script(kept.reply)]]), context().clock))(llm());
    kept.push('text');
    kept.end();
    expect(outcome.kind === 'reply' && (await textOf(outcome))).toBe('text');
  });
});
