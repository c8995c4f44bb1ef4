import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/core/outcome.ts';
import { context, type OpenReply, textOf } from './kit.ts';
import { type Answer, memory, replyOf, sidecar } from './sketch-sidecar.ts';
import {
  cacheSketch,
  chaosSketch,
  degradeSketch,
  type Fault,
  fallbackSketch,
  loopDetectionSketch,
  retrySketch,
  validateSketch,
} from './sketches.ts';

const good = ['start', 'say hello', 'usage', 'end'];
const overloaded = ['start', 'overloaded'];
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

describe('fallback', () => {
  const fallback = fallbackSketch([
    { upstream: 'main', model: 'unknown' },
    { upstream: 'spare', model: 'small' },
  ]);

  it('moves on from an error inside of a 200 after retries, and the agent sees the other answer alone', async () => {
    const { clock } = context();
    const test = sidecar({ main: [overloaded, overloaded], spare: [good] }, { agent: [fallback, retrySketch(2, 100, clock)] }, clock);
    const call = test.call();
    await clock.advance(100);
    const reply = await replyOf(call);
    expect(reply.verdict).toBe('ok');
    expect(await textOf(reply)).toBe(text(good));
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true, usage: { output: 5 } });
    expect(test.sent.map(({ attempt, target, request }) => [attempt, target.upstream, request.path])).toEqual([
      [1, 'main', '/things'],
      [2, 'main', '/things'],
      [3, 'spare', '/small'],
    ]);
    expect(call.noted('target-skipped')).toMatchObject([{ model: 'unknown' }]);
    expect(call.noted('fallback')).toMatchObject([{ from: 'main', to: 'spare', reason: 'overloaded' }]);
    expect(call.noted('attempt-ended').map(({ verdict }) => verdict)).toEqual(['overloaded', 'overloaded', 'ok']);
  });

  it('cannot move on once the answer is out, and the break is told', async () => {
    const cut = (open: OpenReply) => {
      open.push('say hel');
      open.push('lo\nsay\n');
      open.end({ verdict: 'network', complete: false });
    };
    const test = sidecar({ main: [cut], spare: [good] }, { agent: [fallback] });
    const call = test.call();
    const reply = await replyOf(call);
    expect(await textOf(reply)).toBe('say hello\nsay\n');
    expect(await reply.ended).toMatchObject({ verdict: 'network', complete: false });
    expect(test.sent).toHaveLength(1);
  });
});

describe('cache', () => {
  it('keeps a stream that ended whole and replays it chunk by chunk when all else fails', async () => {
    const store = memory();
    const test = sidecar({ main: [good, overloaded] }, { agent: [cacheSketch(store, 1_000)] });
    await textOf(await replyOf(test.call()));
    await test.clock.advance(0);
    expect(store.keys()).toHaveLength(1);

    const call = test.call();
    const reply = await replyOf(call);
    expect(reply).toMatchObject({ verdict: 'ok', origin: 'cache', status: 200 });
    const chunks: string[] = [];
    for await (const chunk of reply.body) chunks.push(Buffer.from(chunk).toString());
    expect(chunks).toEqual(good.map((line) => `${line}\n`));
    expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true });
    expect(call.noted('cache')).toMatchObject([{ result: 'stale' }]);
  });

  it('keeps nothing that was cut, given up or judged bad', async () => {
    const store = memory();
    const cut = (open: OpenReply) => {
      open.push('say\n');
      open.end({ verdict: 'network', complete: false });
    };
    const test = sidecar({ main: [cut, good, ['say', 'server-error'], ['start', 'end']] }, { agent: [cacheSketch(store, 1_000)] });
    await textOf(await replyOf(test.call()));
    const left = await replyOf(test.call());
    await left.body.next();
    left.discard();
    await textOf(await replyOf(test.call()));
    await textOf(await replyOf(test.call()));
    await test.clock.advance(0);
    expect(store.keys()).toEqual([]);
  });
});

describe('degrade', () => {
  it('answers in the format of the caller when nothing else could', async () => {
    const test = sidecar({ main: ['refuses connections'] }, { agent: [degradeSketch('later')] });
    const call = test.call();
    const reply = await replyOf(call);
    expect(reply.origin).toBe('degraded');
    expect(await textOf(reply)).toBe('say later\nend\n');
    expect(call.noted('degraded')).toMatchObject([{ reason: 'network' }]);
  });

  it('leaves alone what it cannot mend', async () => {
    const test = sidecar({ main: [['client-error']] }, { agent: [degradeSketch('later')] });
    expect(await replyOf(test.call())).toMatchObject({ verdict: 'client-error', origin: 'upstream' });
  });
});

describe('validate', () => {
  it('makes of a whole answer that it does not accept one that can be retried', async () => {
    const { clock } = context();
    const validate = validateSketch((body) => body.includes('hello'), 1_024);
    const test = sidecar({ main: [['say nothing', 'end'], good] }, { agent: [retrySketch(2, 0, clock)], upstream: [validate] }, clock);
    const call = test.call();
    await clock.advance(0);
    const reply = await replyOf(call);
    expect(await textOf(reply)).toBe(text(good));
    expect(call.noted('attempt-ended').map(({ verdict }) => verdict)).toEqual(['invalid-output', 'ok']);
  });

  it('hands up what it did not accept, byte for byte, if nothing better comes', async () => {
    const test = sidecar({ main: [['say nothing', 'end']] }, { upstream: [validateSketch(() => false, 1_024)] });
    const reply = await replyOf(test.call());
    expect(reply.verdict).toBe('invalid-output');
    expect(await textOf(reply)).toBe('say nothing\nend\n');
    expect((await reply.ended).verdict).toBe('invalid-output');
  });

  it('lets a long answer go on', async () => {
    const test = sidecar({ main: [['say', ...good]] }, { upstream: [validateSketch(() => false, 8)] });
    const reply = await replyOf(test.call());
    expect(reply.verdict).toBe('ok');
    expect(await textOf(reply)).toBe(`say\n${text(good)}`);
  });
});

describe('chaos', () => {
  function broken(fault: Fault, answers: Answer[], attempts = 2) {
    const { clock } = context();
    return sidecar({ main: answers }, { agent: [retrySketch(attempts, 0, clock)], chaos: [chaosSketch(fault, 1, clock)] }, clock);
  }

  for (const fault of [
    { kind: 'cut', after: 1 },
    { kind: 'in-band-error', after: 1, text: 'server-error\n' },
  ] as const) {
    it(`is judged like the real thing before the answer is out: ${fault.kind}`, async () => {
      const test = broken(fault, [good, good]);
      const call = test.call();
      await test.clock.advance(0);
      expect(await textOf(await replyOf(call))).toBe(text(good));
      expect(test.sent).toHaveLength(2);
      expect(call.noted('attempt-answered')).toMatchObject([{ origin: 'chaos' }, { origin: 'upstream', verdict: 'ok' }]);
      expect(call.noted('fault-injected')).toMatchObject([{ attempt: 1, fault: fault.kind }]);
    });
  }

  it('breaks a stream that is out, and nothing is sent again', async () => {
    const endless = (open: OpenReply) => {
      for (const line of good) open.push(`${line}\n`);
    };
    const test = broken({ kind: 'cut', after: 3 }, [endless]);
    const reply = await replyOf(test.call());
    expect(await textOf(reply)).toBe(text(good.slice(0, 3)));
    expect(await reply.ended).toMatchObject({ verdict: 'network', complete: false, cause: { message: 'an injected cut' } });
    expect(test.opened[0]?.discarded).toBe(true);
  });

  it('stalls a stream that is out until the idle limit ends it, however long the stall would go on', async () => {
    const test = broken({ kind: 'stall', after: 2, forMs: 3_600_000 }, [good]);
    const call = test.call();
    const reply = await replyOf(call);
    const reading = textOf(reply);
    await test.clock.advance(30_000);
    expect(await reading).toBe(text(good.slice(0, 2)));
    expect(await reply.ended).toMatchObject({ verdict: 'timeout', complete: false });
    expect(call.noted('timeout')).toMatchObject([{ phase: 'idle', afterMs: 30_000 }]);
  });

  it('stalls an answer that is not out until another attempt is made', async () => {
    const test = broken({ kind: 'stall', after: 0, forMs: 3_600_000 }, [good, good]);
    const call = test.call();
    await test.clock.advance(60_000);
    expect(await textOf(await replyOf(call))).toBe(text(good));
    expect(call.noted('attempt-answered')).toMatchObject([{ origin: 'chaos', verdict: 'timeout', phase: 'firstByte' }, { verdict: 'ok' }]);
  });
});

describe('loop detection', () => {
  it('refuses the call of a paused agent before anything is tried, and no policy around it hides that', async () => {
    const test = sidecar(
      { main: [good] },
      { agent: [degradeSketch('later'), loopDetectionSketch(1), fallbackSketch([{ upstream: 'main' }])] },
    );
    await textOf(await replyOf(test.call()));
    const call = test.call();
    expect(await call.outcome).toMatchObject({ kind: 'failure', code: 'agent_paused', verdict: 'refused', sent: 'no' });
    expect(call.noted('attempt-started')).toEqual([]);
  });
});

describe('all of them together', () => {
  it('end a call at once when the agent leaves, wherever it is, and leave no timer', async () => {
    for (const leaveAfterMs of [0, 50, 150, 5_000, 15_150, 40_000]) {
      const { clock } = context();
      const silent = (open: OpenReply) => open.push('start\n');
      const all = {
        agent: [degradeSketch('later'), cacheSketch(memory(), 1), fallbackSketch([{ upstream: 'spare' }]), retrySketch(2, 100, clock)],
        upstream: [validateSketch(() => true, 1_024)],
      };
      const test = sidecar({ main: [overloaded, 'refuses connections'], spare: [silent] }, all, clock);
      const call = test.call();
      let outcome: Outcome | undefined;
      void call.outcome.then((result) => {
        outcome = result;
      });
      await clock.advance(leaveAfterMs);
      expect(outcome).toBeUndefined();
      call.hangUp();
      await clock.advance(0);
      expect(outcome).toMatchObject({ verdict: 'cancelled' });
      expect(clock.pending).toBe(0);
      const ended = await Promise.all(test.opened.map(({ reply }) => reply.ended));
      expect(ended.length).toBe(leaveAfterMs < 100 ? 1 : 2);
      expect(call.noted('degraded')).toEqual([]);
    }
  });
});
