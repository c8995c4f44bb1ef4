import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallsUnderWay } from '../src/calls-under-way.ts';
import type { CallInfo } from '../src/core/journal.ts';
import { ManualClock } from '../src/core/manual-clock.ts';

function setUp() {
  const clock = new ManualClock();
  const calls = new CallsUnderWay(clock);
  return {
    clock,
    calls,
    begin: (): CallInfo => {
      const call = { startedAt: clock.now() } as CallInfo;
      calls.on({ kind: 'call-started', attempt: 0 }, call);
      return call;
    },
    end: (call: CallInfo) =>
      calls.on({ kind: 'call-ended', attempt: 0, outcome: 'ok', status: 200, ms: 1, requestBytes: 0, responseBytes: 0 }, call),
  };
}

test('where no call is under way, all have ended', async () => {
  const { calls, begin, end } = setUp();
  await calls.ended();
  end(begin());
  await calls.ended();
});

test('the calls of a moment have ended when the last of them has, in any order and whatever came later', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant('begin') },
    { weight: 4, arbitrary: fc.nat() },
    { weight: 1, arbitrary: fc.constant('wait') },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, calls, begin, end } = setUp();
      const open: CallInfo[] = [];
      const waits: { left: Set<CallInfo>; over: boolean }[] = [];
      for (const one of steps) {
        await clock.advance(1);
        if (one === 'begin') open.push(begin());
        else if (one === 'wait') {
          const wait = { left: new Set(open), over: false };
          waits.push(wait);
          void calls.ended().then(() => (wait.over = true));
        } else if (open.length > 0) {
          const [call] = open.splice(Number(one) % open.length, 1);
          end(call!);
          for (const { left } of waits) left.delete(call!);
        }
        await clock.advance(0);
        for (const { left, over } of waits) expect(over).toBe(left.size === 0);
      }
    }),
    { numRuns: 50 },
  );
});
