import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/core/dialect.ts';
import type { Reply } from '../../src/core/outcome.ts';
import { createGate } from '../../src/policies/gate.ts';
import { createTimeout, timeoutSettings } from '../../src/policies/timeout.ts';
import { context, exchange, hanging, openReply, openTunnel, request, script, textOf, wholeReply } from './kit.ts';
import { scriptedDialect } from './scripted-dialect.ts';

const chat: Call = { kind: 'llm', repeatable: true, stateful: false };

describe('the limits of an attempt', () => {
  async function limitsOf(settings: Parameters<typeof timeoutSettings.parse>[0], call: Call | Promise<Call>) {
    const next = script(wholeReply());
    const exchanged = exchange({ request: request({ call: () => call }) });
    await createTimeout(timeoutSettings.parse(settings), context()).run(exchanged, next);
    expect(getEventListeners(exchanged.signal as AbortSignal, 'abort')).toEqual([]);
    return next.calls[0]?.limits;
  }

  it('are the defaults that the documentation names', async () => {
    expect(await limitsOf({}, { ...chat, stream: true })).toEqual({
      connectMs: 5_000,
      firstByteMs: 120_000,
      firstBytePhase: 'firstByte',
      idleMs: 60_000,
      holdMs: 15_000,
    });
  });

  it('are as configured', async () => {
    const settings = { connect: '1s', firstByte: '2s', idle: '3s', total: '4s', hold: '5s' };
    expect(await limitsOf(settings, { ...chat, kind: 'tool' })).toEqual({
      connectMs: 1_000,
      firstByteMs: 2_000,
      firstBytePhase: 'firstByte',
      idleMs: 3_000,
      totalMs: 4_000,
      holdMs: 5_000,
    });
  });

  it('leave the answer of a model that is not streamed to the deadline, or to a limit of its own', async () => {
    for (const call of [chat, { ...chat, stream: false }, Promise.resolve(chat)]) {
      const limits = await limitsOf({}, call);
      expect(limits).toMatchObject({ firstBytePhase: 'answer' });
      expect(limits).not.toHaveProperty('firstByteMs');
    }
    expect(await limitsOf({ answer: '9m' }, chat)).toMatchObject({ firstBytePhase: 'answer', firstByteMs: 540_000 });
    expect(await limitsOf({ answer: '9m' }, { ...chat, stream: true })).toMatchObject({
      firstBytePhase: 'firstByte',
      firstByteMs: 120_000,
    });
  });
});

it('a call that ends while its upload is still awaited is not sent', async () => {
  const call = exchange({ request: request({ call: () => new Promise<Call>(() => undefined) }) });
  const next = script(wholeReply());
  const run = createTimeout(timeoutSettings.parse({}), context()).run(call, next);
  call.hangUp();
  expect(await run).toMatchObject({ kind: 'failure', verdict: 'cancelled', sent: 'no' });
  expect(next.calls).toEqual([]);
  expect(getEventListeners(call.signal as AbortSignal, 'abort')).toEqual([]);
});

describe('a timeout in observe mode', () => {
  function observed(settings: { total?: string }) {
    const { clock } = context();
    const call = exchange({ dialect: scriptedDialect(), attempt: 3 });
    const policy = createTimeout(timeoutSettings.parse({ firstByte: '60s', idle: '30s', observe: true, ...settings }), { clock });
    const would = (phase: string, afterMs: number) => [
      { kind: 'would', attempt: 3, event: { kind: 'timeout', attempt: 3, upstream: 'main', phase, afterMs } },
    ];
    return { clock, call, policy, would };
  }

  it('limits nothing', async () => {
    const { call, policy } = observed({});
    const next = script(wholeReply());
    await policy.run(call, next);
    expect(next.calls[0]).toBe(call);
    expect(call.events).toEqual([]);
  });

  it('sets no timer for a limit that it has not', async () => {
    const plain = observed({});
    const answer = Promise.withResolvers<Reply>();
    const run = plain.policy.run(plain.call, () => answer.promise);
    expect(plain.clock.pending).toBe(1);
    answer.resolve(wholeReply());
    await run;

    const { clock, policy } = observed({});
    const call = exchange({ dialect: scriptedDialect(), request: request({ call: () => chat }) });
    const unlimited = policy.run(call, hanging);
    expect(clock.pending).toBe(0);
    call.hangUp();
    expect(await unlimited).toMatchObject({ verdict: 'cancelled' });
  });

  it('notes an answer that would have come too late, and waits on', async () => {
    const { clock, call, policy, would } = observed({});
    const late = Promise.withResolvers<Reply>();
    const run = policy.run(call, () => late.promise);
    await clock.advance(59_999);
    expect(call.events).toEqual([]);
    await clock.advance(60_001);
    expect(call.events).toEqual(would('firstByte', 60_000));
    late.resolve(wholeReply());
    expect(await run).toMatchObject({ kind: 'reply', verdict: 'ok' });
    expect(clock.pending).toBe(0);
  });

  it('notes the silence that would have ended a body, once, and leaves the body as it is', async () => {
    const { clock, call, policy, would } = observed({});
    const open = openReply();
    const { body, ended } = (await policy.run(call, script(open.reply))) as Reply;
    open.push('say\n');
    await body.next();
    const reading = body.next();
    await clock.advance(29_999);
    expect(call.events).toEqual([]);
    await clock.advance(1);
    expect(call.events).toEqual(would('idle', 30_000));
    open.push('say\n');
    expect((await reading).done).toBe(false);
    const last = body.next();
    await clock.advance(600_000);
    open.end();
    expect((await last).done).toBe(true);
    expect(await ended).toEqual({ verdict: 'ok', complete: true, bytes: 8 });
    expect(call.events).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('notes a total that has run out, in the wait or in the body', async () => {
    const waiting = observed({ total: '10s' });
    const run = waiting.policy.run(waiting.call, hanging);
    await waiting.clock.advance(600_000);
    expect(waiting.call.events).toEqual(waiting.would('total', 10_000));
    waiting.call.hangUp();
    expect(await run).toMatchObject({ kind: 'failure', verdict: 'cancelled' });
    expect(waiting.clock.pending).toBe(0);

    const reading = observed({ total: '10s' });
    const reply = (await reading.policy.run(reading.call, script(openReply().reply))) as Reply;
    await reading.clock.advance(10_000);
    expect(reading.call.events).toEqual(reading.would('total', 10_000));
    reply.discard();
    await reply.ended;
    expect(reading.clock.pending).toBe(0);
  });

  it('counts the silence before the first content as the gate does, and nothing after the end', async () => {
    const silent = observed({});
    const reply = (await silent.policy.run(silent.call, script(openReply().reply))) as Reply;
    void reply.body.next();
    await silent.clock.advance(60_000);
    expect(silent.call.events).toEqual(silent.would('idle', 60_000));

    const quick = observed({ total: '10s' });
    const whole = (await quick.policy.run(quick.call, script(wholeReply()))) as Reply;
    await textOf(whole);
    await quick.clock.advance(0);
    expect(quick.clock.pending).toBe(0);
  });

  it('does not count what stands open on purpose', async () => {
    for (const standing of [openReply({ standing: true }).reply, openTunnel().tunnel]) {
      const { clock, call, policy } = observed({});
      expect(await policy.run(call, script(standing))).toBe(standing);
      await clock.advance(3_600_000);
      expect(call.events).toEqual([]);
    }
  });
});

it('a timeout around a gate ends a stream that never says anything', async () => {
  const { clock } = context();
  const call = exchange({ dialect: scriptedDialect(), request: request({ call: () => ({ ...chat, stream: true }) }) });
  const gate = createGate({ holds: true }, { clock });
  const open = openReply();
  const run = createTimeout(timeoutSettings.parse({ firstByte: '10s' }), { clock }).run(call, (inner) =>
    gate.run(inner, script(open.reply)),
  );
  await clock.advance(10_000);
  expect(await run).toMatchObject({ kind: 'failure', code: 'upstream_timeout', phase: 'firstByte' });
  expect(open.discarded).toBe(true);
});
