import { expect, it } from 'vitest';
import type { Reply } from '../../src/core/outcome.ts';
import { createGate } from '../../src/policies/gate.ts';
import { context, exchange, openReply, script } from './kit.ts';
import { scriptedDialect } from './scripted-dialect.ts';

/** A stream that has been handed up at its first piece, 5 seconds after its head. */
async function stream() {
  const { clock } = context();
  const open = openReply();
  const call = exchange({ dialect: scriptedDialect({}), limits: { firstBytePhase: 'firstByte', idleMs: 30_000 } });
  const run = createGate({ holds: true }, { clock }).run(call, script(open.reply));
  const push = async (text: string, afterMs = 0) => {
    await clock.advance(afterMs);
    open.push(`${text}\n`);
    await clock.advance(0);
  };
  await push('say a', 5000);
  const reply = (await run) as Reply;
  /** Reads it to its end. */
  const read = async () => {
    for await (const _ of reply.body);
    return (await reply.ended).gaps;
  };
  return { clock, open, push, read };
}

it('the silences between the pieces of a stream are told at its end, by how long they were waited for', async () => {
  const { push, open, read } = await stream();
  const gaps = read();
  for (const ms of [3, 40, 40, 700]) await push('say b', ms);
  // What only keeps the connection alive ends no silence.
  await push(': still here', 1000);
  await push('say c', 1000);
  open.end();
  expect(await gaps).toEqual({ ms: 3 + 40 + 40 + 700 + 2000, counts: [1, 0, 0, 2, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0] });
});

it('a silence for which nobody waited is none: the agent took its time', async () => {
  const { clock, push, open, read } = await stream();
  await push('say b');
  await clock.advance(5000);
  open.end();
  expect(await read()).toMatchObject({ ms: 0 });
});

it('there is no silence within a single piece', async () => {
  const { open, read } = await stream();
  open.end();
  expect(await read()).toBeUndefined();
});
