import fc from 'fast-check';
import { expect, test } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { bulkheadSettings, createBulkhead } from '../../src/policies/bulkhead.ts';
import { placesOf } from '../../src/policies/places.ts';
import { context, exchange, openReply, openTunnel, type TestExchange } from './kit.ts';

interface Call {
  on: TestExchange;
  /** Its turn has come: whatever it answers with is asked for. */
  answer?: (outcome: Outcome | 'bug') => void;
  outcome?: Outcome;
  over: boolean;
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('start' as const), deadlineMs: fc.option(fc.nat(3000), { nil: undefined }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      pick: fc.nat(),
      how: fc.constantFrom('stream', 'stream', 'standing', 'tunnel', 'failure', 'bug'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat(), discard: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hang up' as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1500) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('reload' as const), concurrent: fc.integer({ min: 1, max: 4 }), queue: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
);

test('no place is lost or given twice, whatever calls, agents, clocks and reloads do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const ctx = context();
      const places = placesOf(ctx, 'main');
      const calls: Call[] = [];
      const holders: { call: Call; end(discard: boolean): void }[] = [];
      const served: number[] = [];
      /** Those that had to wait, in the order in which they were sent. */
      const afterWait: number[] = [];
      const make = (concurrent: number, queue: number) =>
        createBulkhead({ ...bulkheadSettings.parse({}), concurrent, queue, wait: 1000 }, 'main', ctx);
      let policy = make(2, 2);
      let limit = 2;

      const start = (deadlineMs: number | undefined) => {
        const on = exchange(deadlineMs === undefined ? {} : { deadline: ctx.clock.now() + deadlineMs });
        const call: Call = { on, over: false };
        const index = calls.push(call) - 1;
        let atOnce = true;
        const run = policy.run(
          on,
          () =>
            new Promise((resolve, reject) => {
              served.push(index);
              if (!atOnce) afterWait.push(index);
              call.answer = (outcome) => (outcome === 'bug' ? reject(new Error('bug')) : resolve(outcome));
            }),
        );
        atOnce = false;
        run.then(
          (outcome) => {
            call.outcome = outcome;
            call.over = true;
          },
          () => {
            call.over = true;
          },
        );
      };

      const answer = (call: Call, how: string) => {
        const reply = call.answer;
        delete call.answer;
        if (how === 'failure') reply?.(failure('upstream_unreachable', 'no'));
        else if (how === 'bug') reply?.('bug');
        else if (how === 'standing') reply?.(openReply({ standing: true }).reply);
        else if (how === 'tunnel') {
          const tunnel = openTunnel();
          reply?.(tunnel.tunnel);
          holders.push({ call, end: (discard) => (discard ? tunnel.tunnel.discard() : tunnel.end()) });
        } else {
          const stream = openReply();
          reply?.(stream.reply);
          holders.push({ call, end: (discard) => (discard ? stream.reply.discard() : stream.end()) });
        }
      };

      const running = () => calls.filter((call) => call.answer);
      for (const now of steps) {
        if (now.kind === 'start') start(now.deadlineMs);
        else if (now.kind === 'answer') {
          const call = running()[now.pick % Math.max(running().length, 1)];
          if (call) answer(call, now.how);
        } else if (now.kind === 'end') holders.splice(now.pick % Math.max(holders.length, 1), 1)[0]?.end(now.discard);
        else if (now.kind === 'hang up') calls[now.pick % Math.max(calls.length, 1)]?.on.hangUp();
        else if (now.kind === 'wait') await ctx.clock.advance(now.ms);
        else if (now.kind === 'reload') {
          policy = make(now.concurrent, now.queue);
          limit = now.concurrent;
        } else {
          await ctx.clock.advance(0);
          const { inUse, queued } = places.inspect();
          const waiting = calls.filter((call) => !call.over && !served.includes(calls.indexOf(call))).length;
          expect({ inUse, queued }).toEqual({ inUse: running().length + holders.length, queued: waiting });
          // Nobody waits while a place is free.
          if (queued > 0) expect(inUse).toBeGreaterThanOrEqual(limit);
        }
      }

      // Everything comes to its end; the queue is served in the order of coming.
      await ctx.clock.advance(0);
      while (running().length > 0 || holders.length > 0) {
        for (const call of running()) answer(call, 'stream');
        for (const holder of holders.splice(0)) holder.end(false);
        await ctx.clock.advance(0);
      }
      expect(places.inspect()).toMatchObject({ inUse: 0, queued: 0 });
      expect(calls.every((call) => call.over)).toBe(true);
      expect(afterWait).toEqual([...afterWait].sort((a, b) => a - b));
      expect(ctx.clock.pending).toBe(0);
    }),
    { numRuns: 200 },
  );
});
