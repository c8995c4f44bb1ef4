import { expect, test } from 'vitest';
import type { Outcome, Reply } from '../../src/core/outcome.ts';
import { stack } from '../../src/core/policy.ts';
import { createGate } from '../../src/policies/gate.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { createRetry, retrySettings } from '../../src/policies/retry.ts';
import { createMinimumRate } from '../../src/policies/timeout-rate.ts';
import { context, exchange, openReply, openTunnel, script, wholeReply } from './kit.ts';
import { scriptedDialect } from './scripted-dialect.ts';

/** A call whose answer can only be judged as a whole, behind a gate that waits for it. */
function guarded(observe = false) {
  const { clock } = context();
  const open = openReply();
  const call = exchange({ dialect: scriptedDialect(), attempt: 2 });
  const rate = createMinimumRate({ minimumRate: 100, observe }, { clock });
  const seen: { outcome?: Outcome } = {};
  void stack(
    [createGuarded(), createGate({ holds: true }, { clock }), rate],
    script(open.reply),
  )(call).then((outcome) => {
    seen.outcome = outcome;
  });
  return { clock, open, call, seen };
}

const trickle = async ({ clock, open }: ReturnType<typeof guarded>, bytes: number) => {
  open.push(`${'x'.repeat(bytes - 1)}\n`);
  await clock.advance(10_000);
};

test('a body that brings less than its rate in ten seconds ends as a timeout, while nothing was committed', async () => {
  const run = guarded();
  await trickle(run, 1000);
  await trickle(run, 1000);
  expect(run.seen.outcome).toBeUndefined();
  await trickle(run, 999);
  expect(run.seen.outcome).toMatchObject({ kind: 'failure', code: 'upstream_timeout', verdict: 'timeout', sent: 'maybe' });
  expect(run.call.noted('timeout')).toEqual([{ kind: 'timeout', attempt: 2, upstream: 'main', phase: 'total', afterMs: 10_000 }]);
  expect(run.open.discarded).toBe(true);
  expect(run.clock.pending).toBe(0);
});

test('each ten seconds are judged by themselves', async () => {
  const run = guarded();
  await trickle(run, 60_000);
  await trickle(run, 1);
  expect(run.seen.outcome).toMatchObject({ code: 'upstream_timeout' });
});

test('a body that has not begun is not slow, however long it is in coming', async () => {
  const run = guarded();
  await run.clock.advance(60_000);
  expect(run.seen.outcome).toBeUndefined();
  await trickle(run, 10);
  expect(run.seen.outcome).toMatchObject({ code: 'upstream_timeout' });
});

test('once the call has its answer, nobody is hurried', async () => {
  const run = guarded();
  run.open.push('say\n');
  await run.clock.advance(0);
  expect(run.seen.outcome).toMatchObject({ kind: 'reply', verdict: 'ok' });
  await run.clock.advance(3_600_000);
  expect(run.open.discarded).toBe(false);
  expect(run.call.noted('timeout')).toEqual([]);
  expect(run.clock.pending).toBe(0);
});

test('a body that ends in time ends as it ended, and leaves no timer', async () => {
  const run = guarded();
  run.open.push('x\n');
  await run.clock.advance(9_999);
  run.open.push('end\n');
  run.open.end();
  await run.clock.advance(0);
  const reply = run.seen.outcome as Reply;
  expect(await reply.ended).toMatchObject({ complete: true });
  expect(run.clock.pending).toBe(0);
});

test('in observe mode it is told once and goes on', async () => {
  const run = guarded(true);
  await trickle(run, 10);
  await trickle(run, 10);
  expect(run.call.noted('would')).toMatchObject([{ event: { kind: 'timeout', phase: 'total' } }]);
  expect(run.seen.outcome).toBeUndefined();
  expect(run.open.discarded).toBe(false);
});

test('what has no body to trickle is left alone', async () => {
  const { clock } = context();
  const policy = createMinimumRate({ minimumRate: 100, observe: false }, { clock });
  const events = openReply({ headers: ['content-type', 'text/event-stream'] }).reply;
  for (const outcome of [events, openReply({ standing: true }).reply, wholeReply({ empty: true }, ''), openTunnel().tunnel]) {
    expect(await policy.run(exchange(), script(outcome))).toBe(outcome);
  }
  expect(clock.pending).toBe(0);
});

test('an attempt that was too slow is made again', async () => {
  const ctx = context();
  const slow = openReply();
  slow.push('x\n');
  const call = exchange({ dialect: scriptedDialect() });
  const send = script(slow.reply, () => wholeReply({}, 'say\nend\n'));
  const policies = [
    createGuarded(),
    createRetry(retrySettings.parse({ on: ['timeout'] }), ctx),
    createGate({ holds: true }, ctx),
    createMinimumRate({ minimumRate: 100, observe: false }, ctx),
  ];
  const run = stack(policies, send)(call);
  await ctx.clock.advance(20_000);
  expect(await run).toMatchObject({ kind: 'reply', verdict: 'ok' });
  expect(slow.discarded).toBe(true);
  expect(send.calls).toHaveLength(2);
});
