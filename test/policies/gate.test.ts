import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import type { Reply } from '../../src/core/outcome.ts';
import { createGate } from '../../src/policies/gate.ts';
import { held, gateLimits as limits } from './held-gate.ts';
import { context, exchange, head, hungUp, openReply, openTunnel, script, textOf, wholeReply } from './kit.ts';
import { scriptedDialect, usage } from './scripted-dialect.ts';

describe('a gate that holds', () => {
  it('hands nothing up before the watcher can judge, and the whole head of the stream then', async () => {
    const test = held();
    test.open.push('start\n');
    await test.settle();
    test.open.push(': still here\n');
    await test.settle();
    expect(test.outcome).toBeUndefined();
    test.open.push('say hello\n');
    const reply = await test.reply();
    expect(reply.verdict).toBe('ok');
    test.open.push('end\n');
    test.open.end();
    expect(await textOf(reply)).toBe('start\n: still here\nsay hello\nend\n');
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true });
  });

  it('hands a reply up at once that is judged by its head', async () => {
    const test = held({ head: 'ok' });
    const reply = await test.reply();
    expect(reply.verdict).toBe('ok');
    test.open.push('say\n');
    test.open.push('end\n');
    test.open.end();
    expect(await textOf(reply)).toBe('say\nend\n');
  });

  it('passes chunks one by one, as they come, once it has handed the reply up', async () => {
    const test = held();
    test.open.push('say 1\n');
    const { body } = await test.reply();
    expect(await body.next()).toMatchObject({ done: false, value: Buffer.from('say 1\n') });
    for (const text of ['say 2\n', ': three\n', 'say 4\n']) {
      let read: unknown;
      const reading = body.next().then((result) => {
        read = result;
      });
      await test.settle();
      expect(read).toBeUndefined();
      test.open.push(text);
      await reading;
      expect(read).toMatchObject({ done: false, value: Buffer.from(text) });
    }
  });

  it('judges an error inside of a 200 before anything was handed up', async () => {
    const test = held();
    test.open.push('start\n');
    test.open.push('overloaded\n');
    test.open.end();
    const reply = await test.reply();
    expect(reply.verdict).toBe('overloaded');
    expect((await reply.ended).verdict).toBe('overloaded');
    expect(await textOf(reply)).toBe('start\noverloaded\n');
  });

  it('takes the judgement at the end for a body that could not be judged before', async () => {
    const test = held({ unmarked: true });
    test.open.push('part 1\n');
    test.open.push('part 2\n');
    test.open.end();
    const reply = await test.reply();
    expect(reply.verdict).toBe('ok');
    expect(await textOf(reply)).toBe('part 1\npart 2\n');
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true, bytes: 14 });
  });

  it('does not pass an answer without content as ok', async () => {
    const test = held();
    test.open.push('start\n');
    test.open.push('end\n');
    test.open.end();
    const reply = await test.reply();
    expect(reply.verdict).toBe('invalid-output');
    expect(await reply.ended).toMatchObject({ verdict: 'invalid-output', complete: true });
    expect(await textOf(reply)).toBe('start\nend\n');
  });

  it('judges a reply without a body at once', async () => {
    const { clock } = context();
    const call = exchange({ dialect: scriptedDialect({ head: 'overloaded' }), limits });
    const outcome = await createGate({ holds: true }, { clock }).run(call, script(wholeReply({ status: 503 }, '')));
    expect(outcome).toMatchObject({ kind: 'reply', verdict: 'overloaded', empty: true });
    expect(await (outcome as Reply).ended).toEqual({ verdict: 'overloaded', complete: true, bytes: 0 });
    expect(clock.pending).toBe(0);
  });

  it('answers a cut before the judgement with a failure, so that nothing half is handed up', async () => {
    const test = held();
    const cause = new Error('reset');
    test.open.push('part\n');
    test.open.end({ verdict: 'network', complete: false, cause });
    expect(await test.run).toMatchObject({
      kind: 'failure',
      verdict: 'network',
      code: 'upstream_protocol_error',
      sent: 'maybe',
      cause,
    });
  });

  it('answers a limit of the attempt that ended the body with a failure of its phase', async () => {
    const test = held();
    test.open.push('start\n');
    test.open.end({ verdict: 'timeout', complete: false });
    expect(await test.run).toMatchObject({ kind: 'failure', verdict: 'timeout', code: 'upstream_timeout', phase: 'total' });
  });

  it('holds 64 KB at most, and lets go what is not judged by then', async () => {
    const test = held();
    const chunk = `part ${'x'.repeat(32 * 1024)}\n`;
    test.open.push(chunk);
    await test.settle();
    expect(test.outcome).toBeUndefined();
    test.open.push(chunk);
    const reply = await test.reply();
    expect(reply.verdict).toBe('ok');
    test.open.push('rate-limited\n');
    test.open.end();
    expect((await textOf(reply)).length).toBe(2 * chunk.length + 13);
    expect((await reply.ended).verdict).toBe('rate-limited');
  });

  it('lets a standing stream go by its head, unlimited', async () => {
    const { clock } = context();
    const open = openReply({ standing: true });
    const reply = (await createGate({ holds: true }, { clock }).run(
      exchange({ dialect: scriptedDialect(), limits }),
      script(open.reply),
    )) as Reply;
    const reading = reply.body.next();
    await clock.advance(3_600_000);
    open.push('say\n');
    expect((await reading).done).toBe(false);
  });

  it('lets failures and tunnels pass', async () => {
    const { clock } = context();
    const { tunnel } = openTunnel();
    const gate = createGate({ holds: true }, { clock });
    expect(await gate.run(exchange(), script(tunnel))).toBe(tunnel);
    const refused = failure('upstream_unreachable', 'Upstream main refuses connections.');
    expect(await gate.run(exchange(), script(refused))).toBe(refused);
  });

  it('gives up what it holds when the agent leaves', async () => {
    const test = held();
    test.open.push('start\n');
    await test.settle();
    test.call.hangUp();
    await test.settle();
    expect(test.outcome).toMatchObject({ kind: 'failure', verdict: 'cancelled', code: 'cancelled', sent: 'maybe' });
    expect(test.open.discarded).toBe(true);
    expect(test.clock.pending).toBe(0);
  });

  it('gives a reply up that comes after the agent has left', async () => {
    const { clock } = context();
    const open = openReply();
    const call = exchange({ dialect: scriptedDialect(), limits });
    const outcome = await createGate({ holds: true }, { clock }).run(call, () => {
      call.abort(hungUp);
      return Promise.resolve(open.reply);
    });
    expect(outcome).toMatchObject({ kind: 'failure', verdict: 'cancelled' });
    expect(open.discarded).toBe(true);
  });

  it('leaves nothing on the signal of the call', async () => {
    const test = held();
    await test.settle();
    expect(getEventListeners(test.call.signal as AbortSignal, 'abort')).toHaveLength(1);
    test.open.push('say\n');
    await test.run;
    expect(getEventListeners(test.call.signal as AbortSignal, 'abort')).toEqual([]);
  });

  it('judges on a decoded copy, however long the decoding takes', async () => {
    const decoders: (() => void)[] = [];
    const decoding = () => new Promise<void>((resolve) => decoders.push(resolve));
    const test = held({ decoding });
    test.open.push('say 1\n');
    await test.settle();
    expect(test.outcome).toBeUndefined();
    decoders.shift()?.();
    const { body } = await test.reply();
    await body.next();

    test.open.push('say 2\n');
    expect((await body.next()).done).toBe(false);
    let third = false;
    test.open.push('say 3\n');
    const reading = body.next().then(() => {
      third = true;
    });
    await test.settle();
    expect(third).toBe(false);
    decoders.shift()?.();
    await reading;
  });

  it('keeps what the format told of its tokens', async () => {
    const test = held();
    test.open.push('say\n');
    test.open.push('usage\n');
    test.open.push('end\n');
    test.open.end();
    const reply = await test.reply();
    await textOf(reply);
    expect(await reply.ended).toMatchObject({ verdict: 'ok', usage });
  });
});

describe('a gate that only watches', () => {
  it('hands every reply up by its head and judges it as it goes', async () => {
    const { clock } = context();
    const open = openReply(head());
    const gate = createGate({ holds: false }, { clock });
    const reply = (await gate.run(exchange({ dialect: scriptedDialect(), limits }), script(open.reply))) as Reply;
    expect(reply.verdict).toBe('ok');
    open.push('start\n');
    expect((await reply.body.next()).value).toEqual(Buffer.from('start\n'));
    open.push('overloaded\n');
    open.end();
    await textOf(reply);
    expect((await reply.ended).verdict).toBe('overloaded');
  });

  it('knows a bad head', async () => {
    const { clock } = context();
    const gate = createGate({ holds: false }, { clock });
    const outcome = await gate.run(exchange({ dialect: scriptedDialect({ head: 'rate-limited' }), limits }), script(openReply().reply));
    expect(outcome).toMatchObject({ kind: 'reply', verdict: 'rate-limited' });
  });
});
