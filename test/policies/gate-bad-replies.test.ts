import { describe, expect, it } from 'vitest';
import { held } from './held-gate.ts';
import { textOf } from './kit.ts';

describe('a gate that holds a bad reply', () => {
  it('reads the rest of it, so that its socket is free before it is handed up', async () => {
    const test = held({ head: 'overloaded' });
    test.open.push('try ');
    await test.settle();
    expect(test.outcome).toBeUndefined();
    test.open.push('later');
    test.open.end();
    const reply = await test.reply();
    expect(reply.verdict).toBe('overloaded');
    expect(await reply.ended).toMatchObject({ verdict: 'overloaded', complete: true, bytes: 9 });
    expect(await textOf(reply)).toBe('try later');
    expect(test.clock.pending).toBe(0);
  });

  it('lets the body say more precisely what is wrong', async () => {
    const test = held({ head: 'rate-limited' });
    test.open.push('quota-exhausted\n');
    test.open.end();
    expect((await test.reply()).verdict).toBe('quota-exhausted');
  });

  it('reads the body of an error that its head alone does not name, and never takes it for ok', async () => {
    const named = held({ last: 'rate-limited' }, { verdict: 'client-error', status: 429 });
    named.open.push('quota-exhausted\n');
    named.open.end();
    expect((await named.reply()).verdict).toBe('quota-exhausted');

    const unnamed = held({ last: 'rate-limited' }, { verdict: 'client-error', status: 429 });
    unnamed.open.push('start\n');
    unnamed.open.end({ verdict: 'network', complete: false });
    const reply = await unnamed.reply();
    expect(reply.verdict).toBe('rate-limited');
    expect(await reply.ended).toMatchObject({ verdict: 'rate-limited', complete: false });

    const stalled = held({ last: 'rate-limited' }, { verdict: 'client-error', status: 429 });
    stalled.open.push('start\n');
    await stalled.clock.advance(1_000);
    const handedUp = await stalled.reply();
    expect(handedUp.verdict).toBe('client-error');
    handedUp.discard();
    expect((await handedUp.ended).verdict).toBe('rate-limited');
  });

  it('does not wait longer than a second for the rest, and loses none of it', async () => {
    const test = held({ head: 'overloaded' });
    test.open.push('try ');
    await test.clock.advance(999);
    expect(test.outcome).toBeUndefined();
    await test.clock.advance(1);
    const reply = await test.reply();
    expect(reply.verdict).toBe('overloaded');
    test.open.push('later');
    test.open.end();
    expect(await textOf(reply)).toBe('try later');
    expect((await reply.ended).verdict).toBe('overloaded');
  });

  it('tells what the body said so far where the rest does not come', async () => {
    const test = held({ head: 'rate-limited' });
    test.open.push('quota-exhausted\n');
    await test.clock.advance(1_000);
    const reply = await test.reply();
    expect(reply.verdict).toBe('quota-exhausted');
    const reading = textOf(reply);
    await test.clock.advance(60_000);
    expect(await reading).toBe('quota-exhausted\n');
    expect(test.call.noted('timeout')).toMatchObject([{ phase: 'idle', afterMs: 60_000 }]);
  });

  it('reads 64 KB of it at most', async () => {
    const test = held({ head: 'server-error' });
    const chunk = 'x'.repeat(64 * 1024);
    test.open.push(chunk);
    const reply = await test.reply();
    expect(test.open.discarded).toBe(false);
    reply.discard();
    expect(test.open.discarded).toBe(true);
    expect(await reply.ended).toMatchObject({ verdict: 'server-error', complete: false });
  });

  it('hands it up as far as it came if it is cut', async () => {
    const test = held({ head: 'overloaded' });
    test.open.push('try ');
    test.open.end({ verdict: 'network', complete: false });
    const reply = await test.reply();
    expect(reply.verdict).toBe('overloaded');
    expect(await textOf(reply)).toBe('try ');
    expect(await reply.ended).toMatchObject({ verdict: 'overloaded', complete: false });
  });

  it('gives it up when the agent leaves', async () => {
    const test = held({ head: 'overloaded' });
    test.open.push('try ');
    await test.settle();
    test.call.hangUp();
    await test.settle();
    expect(test.outcome).toMatchObject({ kind: 'failure', verdict: 'cancelled' });
    expect(test.open.discarded).toBe(true);
    expect(test.clock.pending).toBe(0);
  });
});
