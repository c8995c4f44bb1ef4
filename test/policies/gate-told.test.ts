import { expect, it } from 'vitest';
import { EndingCell } from '../../src/core/ending-cell.ts';
import { createReply, type Failure, type Read, type Source } from '../../src/core/outcome.ts';
import { createGate } from '../../src/policies/gate.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { Watched } from '../../src/policies/watched.ts';
import { gateLimits, held } from './held-gate.ts';
import { body, context, exchange, head, openReply, request, script, textOf, wholeReply } from './kit.ts';
import { scriptedDialect, usage } from './scripted-dialect.ts';

it.each([
  [true, true, 1],
  [true, false, 0],
  [false, true, 0],
])(
  'a gate asks what is called (format reads bodies: %s, body at hand: %s) %i times, so that tokens are told by model',
  async (readsBody, replayable, times) => {
    let asked = 0;
    const call = () => {
      asked += 1;
      return { kind: 'other', repeatable: false, stateful: false } as const;
    };
    const on = exchange({ dialect: { ...scriptedDialect(), readsBody }, request: request({ call, body: body('{}', replayable) }) });
    await createGate({ holds: true }, context()).run(on, script(wholeReply({}, 'say\nend\n')));
    expect(asked).toBe(times);
  },
);

it('a silence before anything was said is told with its limit', async () => {
  const test = held();
  await test.clock.advance(60_000);
  expect(((await test.run) as Failure).message).toBe('Upstream main did not answer in time (firstByte, 60000 ms).');
});

it('a gate that gives up for an agent that left tells the tokens that were seen', async () => {
  const end = new EndingCell();
  const lines = ['start\n', 'usage\n'];
  const never = new Promise<Read>(() => {});
  // As the data plane has it: whoever discards an answer knows at once how it ended.
  const source: Source = {
    poll: () => {
      const line = lines.shift();
      return line === undefined ? undefined : { done: false, value: Buffer.from(line) };
    },
    next: () => never,
    ended: end.promise,
    whenEnded: (fn) => end.when(fn),
    discard: () => end.settle({ verdict: 'cancelled', complete: false, bytes: 12 }),
  };
  const call = exchange({ dialect: scriptedDialect(), limits: gateLimits });
  const { clock } = context();
  const run = createGate({ holds: true }, { clock }).run(call, script(createReply(head(), source)));
  await clock.advance(0);
  call.hangUp();
  expect(await run).toMatchObject({ kind: 'failure', verdict: 'cancelled', usage });
});

it('a reply without a limit for silences has none once it is handed up', async () => {
  const { clock } = context();
  const open = openReply();
  const { idleMs: _, ...limits } = gateLimits;
  const watched = new Watched(open.reply, exchange({ dialect: scriptedDialect(), limits }), clock);
  watched.commit();
  const read = watched.reply.body.next();
  expect(clock.pending).toBe(0);
  open.end();
  await read;
});

it('a broken answer that can be gone on from is told as such, and no other', async () => {
  for (const resumable of [true, false]) {
    const plain = scriptedDialect();
    const dialect = {
      ...plain,
      watch: (...about: Parameters<typeof plain.watch>) =>
        Object.assign(plain.watch(...about), { end: () => ({ verdict: 'network', complete: false, resumable }) as const }),
    };
    const open = openReply();
    const { reply } = new Watched(open.reply, exchange({ dialect }), context().clock);
    open.push('say\n');
    open.end({ verdict: 'network', complete: false });
    await textOf(reply);
    const ending = await reply.ended;
    if (resumable) expect(ending).toMatchObject({ resumable: true });
    else expect(ending).not.toHaveProperty('resumable');
    expect(ending).not.toHaveProperty('retryAfterMs');
  }
});

it('a bug is told as a fault of our own', async () => {
  const outcome = await createGuarded().run(exchange(), () => Promise.reject(new Error('secret')));
  expect(outcome).toMatchObject({ message: 'the sidecar failed on this call by a fault of its own' });
});
