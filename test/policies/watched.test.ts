import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ending, ReplyHead } from '../../src/core/outcome.ts';
import { Watched } from '../../src/policies/watched.ts';
import { context, exchange, openReply, textOf } from './kit.ts';
import { type Script, scriptedDialect, usage, type WatchLog } from './scripted-dialect.ts';

function watched(words: Script = {}, head: Partial<ReplyHead> = {}) {
  const { clock } = context();
  const open = openReply(head);
  const { reply } = new Watched(open.reply, exchange({ dialect: scriptedDialect(words) }), clock);
  return { open, reply, clock };
}

/** The ending of a body of these lines that ends on the wire as told. */
async function ending(lines: string[], wire: Partial<Ending> = {}, words: Script = {}): Promise<Ending> {
  const { open, reply } = watched(words);
  for (const line of lines) open.push(`${line}\n`);
  open.end(wire);
  await textOf(reply);
  return reply.ended;
}

describe('the ending of a watched reply', () => {
  it('is ok if it came whole and its format says that it is complete', async () => {
    expect(await ending(['say', 'usage', 'end'])).toEqual({ verdict: 'ok', complete: true, bytes: 14, usage });
  });

  it('keeps the trailers', async () => {
    expect(await ending(['say', 'end'], { trailers: ['x-sum', '1'] })).toMatchObject({ trailers: ['x-sum', '1'] });
  });

  it('is a failure of the network if a clean end lacks the end mark of the format', async () => {
    expect(await ending(['say'])).toMatchObject({ verdict: 'network', complete: false });
  });

  it('is what the wire says if it was cut, with the usage so far', async () => {
    const cause = new Error('reset');
    expect(await ending(['say', 'usage'], { verdict: 'network', complete: false, cause })).toEqual({
      verdict: 'network',
      complete: false,
      bytes: 10,
      cause,
      usage,
    });
    expect(await ending(['say', 'end'], { verdict: 'timeout', complete: false })).toMatchObject({ verdict: 'timeout', complete: false });
  });

  it('is the error that the upstream told, whole or cut', async () => {
    expect(await ending(['say', 'overloaded'])).toMatchObject({ verdict: 'overloaded', complete: false });
    expect(await ending(['say', 'overloaded'], { verdict: 'network', complete: false })).toMatchObject({ verdict: 'overloaded' });
  });

  it('is complete for a bad head whose body came whole', async () => {
    expect(await ending(['sorry'], {}, { head: 'overloaded' })).toMatchObject({ verdict: 'overloaded', complete: true });
    expect(await ending(['sorry'], { verdict: 'network', complete: false }, { head: 'overloaded' })).toMatchObject({
      verdict: 'overloaded',
      complete: false,
    });
  });

  it('is what the head said where the format has nothing to say against it', async () => {
    const { open, reply } = watched({}, { verdict: 'server-error', status: 500 });
    open.push('say\nend\n');
    open.end({ verdict: 'ok' });
    await textOf(reply);
    expect(await reply.ended).toMatchObject({ verdict: 'server-error', complete: true });
  });

  it('keeps what an inner policy made of it', async () => {
    expect(await ending(['say', 'end'], { verdict: 'invalid-output' })).toMatchObject({ verdict: 'invalid-output' });
  });

  it('is cancelled if the agent left a good one, and bad if it left a bad one', async () => {
    for (const [line, verdict] of [
      ['say', 'cancelled'],
      ['server-error', 'server-error'],
    ] as const) {
      const { open, reply } = watched();
      open.push(`${line}\n`);
      await reply.body.next();
      reply.discard();
      expect(open.discarded).toBe(true);
      expect(await reply.ended).toMatchObject({ verdict, complete: false });
    }
  });

  it('asks the watcher once for its last word', async () => {
    const log: WatchLog = { pushed: [], ends: [] };
    const { open, reply } = watched({ log });
    open.push('say\n');
    open.end();
    await textOf(reply);
    reply.discard();
    await reply.ended;
    expect(log.ends).toEqual([true]);
  });

  it('waits for what is still being decoded', async () => {
    const decoder = Promise.withResolvers<void>();
    const { open, reply, clock } = watched({ decoding: () => decoder.promise });
    open.push('overloaded\n');
    open.end();
    await textOf(reply);
    let settled = false;
    const ended = reply.ended.then((result) => {
      settled = true;
      return result;
    });
    await clock.advance(0);
    expect(settled).toBe(false);
    decoder.resolve();
    expect((await ended).verdict).toBe('overloaded');
  });

  it('is a failure with its cause if the watcher has a bug, and the socket is freed', async () => {
    for (const decoding of [undefined, () => Promise.resolve()]) {
      const { open, reply, clock } = watched(decoding && { decoding });
      open.push('bug\n');
      const reading = textOf(reply);
      await clock.advance(0);
      open.push('say\n');
      await reading;
      expect(await reply.ended).toMatchObject({ verdict: 'server-error', complete: false, cause: { message: 'a bug in the watcher' } });
      expect(open.discarded).toBe(true);
    }
  });
});

it('a watched body passes every byte on as it came, however it is split and however long decoding takes', async () => {
  const chunk = fc.constantFrom('start\n', ': wait\n', 'say 1\n', 'sa', 'y\n', 'usage\nend\n', '\n', 'part');
  await fc.assert(
    fc.asyncProperty(fc.array(chunk), fc.boolean(), async (chunks, decodes) => {
      const log: WatchLog = { pushed: [], ends: [] };
      const decoding = decodes ? () => new Promise<void>((resolve) => setImmediate(resolve)) : undefined;
      const { open, reply } = watched({ log, ...(decoding && { decoding }) });
      for (const text of chunks) open.push(text);
      open.end();
      const passed: string[] = [];
      for await (const bytes of reply.body) passed.push(Buffer.from(bytes).toString());
      await reply.ended;
      expect(passed).toEqual(chunks);
      expect(log.pushed).toEqual(chunks);
    }),
  );
});
