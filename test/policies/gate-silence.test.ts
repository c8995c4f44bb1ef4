import { describe, expect, it } from 'vitest';
import type { AttemptLimits } from '../../src/core/exchange.ts';
import type { Outcome, Read, Reply } from '../../src/core/outcome.ts';
import { createGate } from '../../src/policies/gate.ts';
import { context, exchange, openReply, script } from './kit.ts';
import { type Script, scriptedDialect } from './scripted-dialect.ts';

const usual: AttemptLimits = { firstBytePhase: 'firstByte', firstByteMs: 60_000, idleMs: 30_000, holdMs: 15_000 };

function gated({ words = {}, limits = usual, holds = true }: { words?: Script; limits?: AttemptLimits; holds?: boolean } = {}) {
  const { clock } = context();
  const open = openReply();
  const call = exchange({ dialect: scriptedDialect(words), limits, attempt: 2 });
  let outcome: Outcome | undefined;
  const run = createGate({ holds }, { clock })
    .run(call, script(open.reply))
    .then((result) => {
      outcome = result;
      return result;
    });
  return {
    clock,
    open,
    call,
    run,
    get outcome() {
      return outcome;
    },
    reply: async () => (await run) as Reply,
    async push(text: string) {
      open.push(text);
      await clock.advance(0);
    },
  };
}

/** Reads on in the background; tells what came. */
function reading(reply: Reply) {
  const seen: { text: string; over: boolean } = { text: '', over: false };
  const loop = async () => {
    for await (const chunk of reply.body) seen.text += Buffer.from(chunk).toString();
    seen.over = true;
  };
  return Object.assign(seen, { loop: loop() });
}

describe('before the reply is handed up', () => {
  it('an upstream that sends nothing meaningful in time has failed, whatever else it sends', async () => {
    const test = gated({ limits: { ...usual, holdMs: 90_000 } });
    await test.push('start\n');
    await test.clock.advance(30_000);
    await test.push(': still here\n');
    await test.clock.advance(29_999);
    expect(test.outcome).toBeUndefined();
    await test.clock.advance(1);
    expect(test.outcome).toMatchObject({
      kind: 'failure',
      code: 'upstream_timeout',
      verdict: 'timeout',
      phase: 'firstByte',
      sent: 'maybe',
    });
    expect(test.open.discarded).toBe(true);
    expect(test.call.events).toEqual([{ kind: 'timeout', attempt: 2, upstream: 'main', phase: 'firstByte', afterMs: 60_000 }]);
    expect(test.clock.pending).toBe(0);
  });

  it('the limit of an answer that is not streamed has its own phase', async () => {
    const test = gated({ limits: { ...usual, firstBytePhase: 'answer' } });
    await test.clock.advance(60_000);
    expect(test.outcome).toMatchObject({ kind: 'failure', phase: 'answer' });
  });

  it('it waits for as long as it takes where there is no limit', async () => {
    const test = gated({ limits: { firstBytePhase: 'answer', idleMs: 30_000 } });
    await test.clock.advance(3_600_000);
    expect(test.outcome).toBeUndefined();
    await test.push('say\n');
    expect(test.outcome).toMatchObject({ kind: 'reply', verdict: 'ok' });
  });

  it('start-up frames and no error for the hold time let the reply go, and lose nothing', async () => {
    const test = gated();
    await test.clock.advance(5_000);
    await test.push('start\n');
    await test.clock.advance(7_000);
    await test.push(': wait\n');
    await test.clock.advance(7_999);
    expect(test.outcome).toBeUndefined();
    await test.clock.advance(1);
    const reply = await test.reply();
    expect(reply.verdict).toBe('ok');
    const seen = reading(reply);
    await test.push('say\n');
    await test.push('end\n');
    test.open.end();
    await seen.loop;
    expect(seen.text).toBe('start\n: wait\nsay\nend\n');
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true });
    expect(test.clock.pending).toBe(0);
  });

  it('what comes before the reader of a reply let go is given once', async () => {
    const test = gated();
    await test.push('start\n');
    await test.clock.advance(15_000);
    const reply = await test.reply();
    await test.push('say\n');
    test.open.end();
    const seen = reading(reply);
    await seen.loop;
    expect(seen.text).toBe('start\nsay\n');
  });

  it('comments alone do not start the hold time', async () => {
    const test = gated();
    await test.push(': wait\n');
    await test.clock.advance(59_999);
    expect(test.outcome).toBeUndefined();
  });

  it('an error within the hold time is still judged', async () => {
    const test = gated();
    await test.push('start\n');
    await test.clock.advance(14_999);
    await test.push('overloaded\n');
    test.open.end();
    expect((await test.reply()).verdict).toBe('overloaded');
  });

  it('silence after content that leaves the verdict open is an idle timeout', async () => {
    const test = gated();
    await test.push('start\n');
    await test.push('part\n');
    await test.clock.advance(29_999);
    expect(test.outcome).toBeUndefined();
    await test.clock.advance(1);
    expect(test.outcome).toMatchObject({ kind: 'failure', code: 'upstream_timeout', phase: 'idle' });
  });
});

describe('after the reply was handed up', () => {
  it('silence ends the body as a timeout and frees the socket', async () => {
    const test = gated();
    await test.push('say\n');
    const reply = await test.reply();
    const seen = reading(reply);
    await test.clock.advance(29_999);
    expect(seen.over).toBe(false);
    await test.clock.advance(1);
    expect(seen).toMatchObject({ over: true, text: 'say\n' });
    expect(await reply.ended).toEqual({ verdict: 'timeout', complete: false, bytes: 4 });
    expect(test.open.discarded).toBe(true);
    expect(test.call.events).toEqual([{ kind: 'timeout', attempt: 2, upstream: 'main', phase: 'idle', afterMs: 30_000 }]);
    expect(test.clock.pending).toBe(0);
  });

  it('content ends the silence, comments do not', async () => {
    const test = gated();
    await test.push('say\n');
    const seen = reading(await test.reply());
    for (let i = 0; i < 20; i += 1) {
      await test.clock.advance(29_000);
      await test.push('say\n');
    }
    expect(seen.over).toBe(false);
    for (let i = 0; i < 3; i += 1) {
      await test.clock.advance(9_999);
      await test.push(': wait\n');
    }
    expect(seen.over).toBe(false);
    await test.clock.advance(3);
    expect(seen.over).toBe(true);
  });

  it('the time that a slow agent takes does not count', async () => {
    const test = gated();
    await test.push('say 1\n');
    const reply = await test.reply();
    await reply.body.next();
    await test.push('say 2\n');
    await test.clock.advance(600_000);
    expect((await reply.body.next()).done).toBe(false);

    let read: Read | undefined;
    void reply.body.next().then((result) => {
      read = result;
    });
    await test.clock.advance(29_999);
    expect(read).toBeUndefined();
    await test.clock.advance(1);
    expect(read).toMatchObject({ done: true });
    expect((await reply.ended).verdict).toBe('timeout');
  });

  it('a reply let go without content has as long as firstByte for it, and idle from there', async () => {
    const test = gated();
    await test.push('start\n');
    await test.clock.advance(15_000);
    const seen = reading(await test.reply());
    await test.clock.advance(59_999);
    expect(seen.over).toBe(false);
    await test.push('say\n');
    await test.clock.advance(29_999);
    expect(seen.over).toBe(false);
    await test.clock.advance(1);
    expect(seen.over).toBe(true);
    expect(test.call.noted('timeout')).toMatchObject([{ phase: 'idle', afterMs: 30_000 }]);
  });

  it('a reply let go without content that stays silent ends', async () => {
    const test = gated();
    await test.push('start\n');
    await test.clock.advance(15_000);
    const reply = await test.reply();
    const seen = reading(reply);
    await test.clock.advance(60_000);
    expect(seen.over).toBe(true);
    expect((await reply.ended).verdict).toBe('timeout');
    expect(test.call.noted('timeout')).toMatchObject([{ phase: 'idle', afterMs: 60_000 }]);
  });

  it('a body that is only watched is limited as well', async () => {
    const test = gated({ holds: false });
    const reply = await test.reply();
    const seen = reading(reply);
    await test.clock.advance(60_000);
    expect(seen.over).toBe(true);
    expect(await reply.ended).toMatchObject({ verdict: 'timeout', complete: false });
  });

  it('content counts from when it was decoded', async () => {
    const decoders: (() => void)[] = [];
    const test = gated({ holds: false, words: { decoding: () => new Promise((resolve) => decoders.push(resolve)) } });
    const seen = reading(await test.reply());
    await test.push('say\n');
    await test.clock.advance(50_000);
    decoders.shift()?.();
    await test.clock.advance(29_999);
    expect(seen.over).toBe(false);
    await test.clock.advance(1);
    expect(seen.over).toBe(true);
  });

  it('content that is decoded after the end sets no timer any more', async () => {
    const decoders: (() => void)[] = [];
    const test = gated({ holds: false, words: { decoding: () => new Promise((resolve) => decoders.push(resolve)) } });
    const reply = await test.reply();
    const seen = reading(reply);
    await test.push('say\n');
    reply.discard();
    decoders.shift()?.();
    await seen.loop;
    await reply.ended;
    expect(test.clock.pending).toBe(0);
  });

  it('it sets a timer now and then, not at every chunk', async () => {
    const { clock } = context();
    let timers = 0;
    const counting = {
      now: () => clock.now(),
      wall: () => clock.wall(),
      timer(delayMs: number, fire: () => void) {
        timers += 1;
        return clock.timer(delayMs, fire);
      },
    };
    const open = openReply();
    const call = exchange({ dialect: scriptedDialect(), limits: usual });
    const run = createGate({ holds: true }, { clock: counting }).run(call, script(open.reply));
    open.push('say\n');
    const seen = reading((await run) as Reply);
    for (let i = 0; i < 100; i += 1) {
      await clock.advance(1_000);
      open.push('say\n');
    }
    await clock.advance(0);
    expect(seen.text.length).toBe(101 * 4);
    expect(timers).toBeLessThan(8);
    expect(clock.pending).toBe(1);
    open.end();
    await seen.loop;
    expect(clock.pending).toBe(0);
  });
});
