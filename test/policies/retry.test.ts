import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { AbortReason } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import { stack } from '../../src/core/policy.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { createDeadline } from '../../src/policies/deadline.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { createRetry, retrySettings } from '../../src/policies/retry.ts';
import { createRoute } from '../../src/policies/route.ts';
import {
  type Answer,
  context,
  exchange,
  hanging,
  openReply,
  openTunnel,
  post,
  script,
  type TestContext,
  textOf,
  wholeReply,
} from './kit.ts';

type Overrides = z.input<typeof retrySettings>;

/** Waits 500 ms, 1 s, 2 s, …, unless the overrides say otherwise. */
function retry(overrides: Overrides = {}, given: TestContext = context()) {
  return createRetry(retrySettings.parse({ backoff: { jitter: 'none' }, ...overrides }), given);
}

/** Runs the call and lets a minute pass. */
async function play(call: ReturnType<typeof exchange>, answers: Answer[], overrides?: Overrides) {
  const given = context();
  const inner = script(...answers);
  const outcome = retry(overrides, given).run(call, inner);
  await given.clock.advance(60_000);
  return { outcome: await outcome, calls: inner.calls.length };
}

const unavailable = (text = 'busy') => wholeReply({ verdict: 'overloaded', status: 503 }, text);
const refused = () => failure('circuit_open', 'the circuit is open', { retryAfterMs: 1000 });
const unreachable = () => failure('upstream_unreachable', 'no connection');

describe('retry', () => {
  it('leaves a good answer alone', async () => {
    const good = wholeReply();
    const call = exchange();

    expect(await play(call, [good])).toEqual({ outcome: good, calls: 1 });
    expect(call.events).toEqual([]);
  });

  it('asks again until an answer is good, and discards the bad ones', async () => {
    const [first, second, good] = [openReply({ verdict: 'overloaded' }), openReply({ verdict: 'server-error' }), openReply()];
    const call = exchange();

    const { outcome } = await play(call, [first.reply, second.reply, good.reply]);

    expect(outcome).toBe(good.reply);
    expect([first, second, good].map(({ discarded }) => discarded)).toEqual([true, true, false]);
    expect(call.noted('retry').map(({ reason, waitMs, source }) => [reason, waitMs, source])).toEqual([
      ['overloaded', 500, 'computed'],
      ['server-error', 1000, 'computed'],
    ]);
  });

  it('waits before each attempt as long as the backoff says', async () => {
    const given = context();
    const inner = script(unreachable(), unreachable(), wholeReply());
    const outcome = retry({}, given).run(exchange(), inner);

    const seen: number[] = [];
    for (const ms of [499, 1, 999, 1]) {
      await given.clock.advance(ms);
      seen.push(inner.calls.length);
    }
    expect(seen).toEqual([1, 2, 2, 3]);
    expect(await outcome).toMatchObject({ verdict: 'ok' });
    expect(given.clock.pending).toBe(0);
  });

  it('is not hurried or held up by a jump of the wall clock', async () => {
    const given = context();
    const inner = script(unreachable(), wholeReply());
    const outcome = retry({}, given).run(exchange(), inner);
    given.clock.jumpWall(3_600_000);
    await given.clock.advance(499);
    expect(inner.calls).toHaveLength(1);
    given.clock.jumpWall(-7_200_000);
    await given.clock.advance(1);

    expect(await outcome).toMatchObject({ verdict: 'ok' });
  });

  it('hands up the last reply of the upstream, body included, when all attempts are made', async () => {
    const call = exchange();

    const { outcome, calls } = await play(call, [unavailable('first'), unavailable('second'), unavailable('third')]);

    expect(calls).toBe(3);
    expect(outcome.kind === 'reply' && (await textOf(outcome))).toBe('third');
    expect(call.noted('retry-given-up')).toMatchObject([{ reason: 'overloaded', why: 'attempts' }]);
  });

  it('hands up an earlier reply rather than a failure of ours', async () => {
    const { outcome } = await play(exchange(), [unavailable('first'), unreachable(), unreachable()]);

    expect(outcome.kind === 'reply' && (await textOf(outcome))).toBe('first');
  });

  it('hands up the last failure where the upstream never replied', async () => {
    const last = failure('upstream_timeout', 'no answer', { sent: 'maybe' });

    expect((await play(exchange(), [unreachable(), unreachable(), last])).outcome).toBe(last);
  });

  it('never retries a refusal of ours', async () => {
    const call = exchange();

    expect(await play(call, [refused()])).toMatchObject({ outcome: { code: 'circuit_open' }, calls: 1 });
    expect(call.events).toEqual([]);
  });

  it('ends at a refusal, which does not replace a real 503', async () => {
    const call = exchange();

    const { outcome, calls } = await play(call, [unavailable('first'), refused()]);

    expect(calls).toBe(2);
    expect(outcome.kind === 'reply' && (await textOf(outcome))).toBe('first');
    expect(call.noted('retry-given-up')).toMatchObject([{ why: 'refused' }]);
  });

  it('retries what it is told to, and nothing else', async () => {
    const overrides: Overrides = { on: ['invalid-output'] };

    expect((await play(exchange(), [wholeReply({ verdict: 'invalid-output' }), wholeReply()], overrides)).calls).toBe(2);
    expect((await play(exchange(), [unavailable()], overrides)).calls).toBe(1);
  });

  it.each(['quota-exhausted', 'auth', 'client-error'] as const)('cannot be told to retry %s, and does not', async (verdict) => {
    expect(retrySettings.safeParse({ on: [verdict] }).success).toBe(false);
    const everything = retrySettings.shape.on.unwrap().element.options satisfies Verdict[];

    expect((await play(exchange(), [wholeReply({ verdict, status: 400 })], { on: everything })).calls).toBe(1);
  });

  it('hands up an answer that no retry can mend, and not the 503 before it', async () => {
    const forbidden = wholeReply({ verdict: 'auth', status: 401 });

    expect((await play(exchange(), [unavailable(), forbidden])).outcome).toBe(forbidden);
  });

  it('hands up a tunnel and discards the refused upgrade before it', async () => {
    const bad = openReply({ verdict: 'overloaded', status: 503 });
    const { tunnel } = openTunnel();

    expect((await play(exchange(), [bad.reply, tunnel])).outcome).toBe(tunnel);
    expect(bad.discarded).toBe(true);
  });

  it('leaves a wait at once when the agent hangs up, and sends nothing after it', async () => {
    const given = context();
    const call = exchange();
    const bad = openReply({ verdict: 'overloaded', status: 503 });
    const inner = script(bad.reply);
    const policy = retry({}, given);
    const outcome = policy.run(call, inner);
    await given.clock.advance(100);
    call.hangUp();

    expect(await outcome).toMatchObject({ kind: 'failure', verdict: 'cancelled', sent: 'maybe' });
    expect(given.clock.pending).toBe(0);
    await given.clock.advance(60_000);
    expect(inner.calls).toHaveLength(1);
    expect(bad.discarded).toBe(true);
    expect(call.noted('retry')).toEqual([]);
  });

  it('does not send the call of an agent that is paused during the wait, and tells it so', async () => {
    const given = context();
    const call = exchange();
    const paused: AbortReason = { verdict: 'refused', code: 'agent_paused', message: 'paused' };
    const outcome = retry({}, given).run(call, script(unavailable()));
    await given.clock.advance(100);
    call.abort(paused);

    expect(await outcome).toMatchObject({ code: 'agent_paused' });
  });

  it('does not ask again once the agent is gone, whatever the attempt made of that', async () => {
    const given = context();
    const call = exchange();
    const torn = async () => {
      call.hangUp();
      return failure('upstream_unreachable', 'the connection was reset', { sent: 'maybe' });
    };
    const inner = script(torn);

    expect(await retry({}, given).run(call, inner)).toMatchObject({ verdict: 'cancelled', sent: 'maybe' });
    expect(inner.calls).toHaveLength(1);
    expect(given.clock.pending).toBe(0);
  });

  it('does not ask again after a cancelled attempt', async () => {
    const given = context();
    const call = exchange();
    const outcome = retry({}, given).run(call, script(hanging));
    call.hangUp();

    expect(await outcome).toMatchObject({ verdict: 'cancelled' });
    expect(call.events).toEqual([]);
  });

  it('does not begin a wait that the deadline would cut', async () => {
    const call = exchange({ deadline: 1500 });

    expect(await play(call, [unavailable(), unavailable('second')])).toMatchObject({ outcome: { status: 503 }, calls: 2 });
    expect(call.noted('retry-given-up')).toMatchObject([{ why: 'deadline' }]);
  });

  it('hands up the reply before an attempt that the deadline cut', async () => {
    const given = context();
    const call = exchange();
    const inner = script(unavailable('first'), hanging);
    const outcome = createDeadline(5000, given).run(call, (limited) => retry({}, given).run(limited, inner));
    await given.clock.advance(5000);
    const reply = await outcome;

    expect(reply.kind === 'reply' && (await textOf(reply))).toBe('first');
    expect(call.noted('retry-given-up')).toMatchObject([{ reason: 'timeout', why: 'deadline' }]);
  });

  it('tells which attempt each retry followed', async () => {
    const given = context();
    const call = exchange();
    const inner = script(unreachable(), unavailable(), unavailable());
    const handler = stack([createGuarded(), retry({}, given)], createRoute(new Map([['main', inner]]), given.clock));
    const outcome = handler(call);
    await given.clock.advance(60_000);
    await outcome;

    const told = call.events.filter(({ kind }) => kind === 'retry' || kind === 'retry-given-up');
    expect(told.map(({ kind, attempt }) => [kind, attempt])).toEqual([
      ['retry', 1],
      ['retry', 2],
      ['retry-given-up', 3],
    ]);
    expect(inner.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });
});

describe('retry that only observes', () => {
  it('tells what it would have done, and makes no second call', async () => {
    const bad = unavailable();
    const call = exchange({ request: post() });

    expect(await play(call, [bad], { observe: true })).toEqual({ outcome: bad, calls: 1 });
    expect(call.events).toEqual([
      {
        kind: 'would',
        attempt: 0,
        event: { kind: 'retry', attempt: 0, upstream: 'main', reason: 'overloaded', waitMs: 500, source: 'computed' },
      },
    ]);
  });

  it('tells what it would have given up', async () => {
    const call = exchange();
    await play(call, [unavailable()], { observe: true, attempts: 1 });

    expect(call.noted('would')).toMatchObject([{ event: { kind: 'retry-given-up', why: 'attempts' } }]);
  });

  it('answers at once and spends nothing of the real budget', async () => {
    const given = context();
    const limits: Overrides = { budget: { ratio: '0%', minimum: 1 } };
    await retry({ ...limits, observe: true }, given).run(exchange(), script(unavailable()));
    const inner = script(unavailable(), wholeReply());
    const outcome = retry(limits, given).run(exchange(), inner);
    await given.clock.advance(1000);

    expect(await outcome).toMatchObject({ verdict: 'ok' });
  });
});
