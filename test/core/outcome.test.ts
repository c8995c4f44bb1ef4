import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { bufferedReply, createReply, type Ending, onEnded, type Read, type Reply, tap, unread } from '../../src/core/outcome.ts';
import { head, openReply, textOf, wholeReply } from '../policies/kit.ts';

const bytes = (text: string) => Buffer.from(text);
const textIn = (read: Read) => (read.done ? undefined : Buffer.from(read.value).toString());

/** Whether a promise has settled once all callbacks that are ready have run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return over;
}

test('a buffered reply has ended before anyone reads it, and gives its chunks in order', async () => {
  const reply = bufferedReply(head(), [bytes('one '), bytes(''), bytes('two')], {
    input: 1,
    output: 2,
    cacheRead: 0,
    cacheWrite: 0,
    reasoning: 0,
  });
  expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true, bytes: 7, usage: { input: 1, output: 2 } });
  expect(reply.empty).toBe(false);
  expect(await textOf(reply)).toBe('one two');
  expect(await reply.body.next()).toEqual({ done: true, value: undefined });
});

test('a buffered reply gives nothing more after a discard', async () => {
  const reply = bufferedReply(head(), [bytes('one'), bytes('two')]);
  await reply.body.next();
  reply.discard();
  reply.discard();
  expect(await textOf(reply)).toBe('');
});

test('a buffered reply without bytes is empty', () => {
  expect(bufferedReply(head(), []).empty).toBe(true);
});

test('an answer that every derived reply comes from has one identity', () => {
  const { reply } = openReply();
  expect(unread(tap(reply, {}), [], 'ok').source).toBe(reply.source);
  expect(openReply().reply.source).not.toBe(reply.source);
});

test('a tap sees and replaces every chunk, and its ending comes after the last one', async () => {
  const open = openReply();
  const tapped = tap(open.reply, { chunk: (chunk) => bytes(Buffer.from(chunk).toString().toUpperCase()) });
  open.push('one');
  open.push('two');
  open.end();
  expect(textIn(await tapped.body.next())).toBe('ONE');
  expect(textIn(await tapped.body.next())).toBe('TWO');
  expect(await settled(open.reply.ended)).toBe(true);
  expect(await settled(tapped.ended)).toBe(false);
  expect(await tapped.body.next()).toEqual({ done: true, value: undefined });
  expect(await tapped.ended).toEqual({ verdict: 'ok', complete: true, bytes: 6 });
});

test('a tap has the last word on the ending, once', async () => {
  const open = openReply();
  const seen: Ending[] = [];
  const tapped = tap(open.reply, {
    end: async (ending) => {
      seen.push(ending);
      return { ...ending, verdict: 'timeout' };
    },
  });
  open.end();
  await tapped.body.next();
  await tapped.body.next();
  tapped.discard();
  expect((await tapped.ended).verdict).toBe('timeout');
  expect(seen).toEqual([{ verdict: 'ok', complete: true, bytes: 0 }]);
});

test('a read hook stands around every read and may end the body early, which frees the socket', async () => {
  const open = openReply();
  let reads = 0;
  const tapped = tap(open.reply, {
    read: async (next) => {
      reads += 1;
      if (reads === 2) return undefined;
      const read = await next();
      return read.done ? undefined : read.value;
    },
  });
  open.push('one');
  open.push('two');
  expect(await textOf(tapped)).toBe('one');
  expect(open.discarded).toBe(true);
  expect((await tapped.ended).verdict).toBe('cancelled');
});

test('a verdict of a tap replaces that of the reply and leaves the rest of the head', () => {
  const open = openReply({ status: 201, statusText: 'Made', headers: ['A', 'b'], retryAfterMs: 5, standing: true, origin: 'chaos' });
  expect(tap(open.reply, { verdict: 'overloaded' })).toMatchObject({
    verdict: 'overloaded',
    origin: 'chaos',
    status: 201,
    statusText: 'Made',
    headers: ['A', 'b'],
    retryAfterMs: 5,
    standing: true,
    empty: false,
  });
});

test('a reply without a body ends by itself, tapped or not, and is not given up for it', async () => {
  const ended = Promise.withResolvers<Ending>();
  let discards = 0;
  const source = {
    next: async (): Promise<Read> => ({ done: true, value: undefined }),
    ended: ended.promise,
    discard: () => {
      discards += 1;
    },
  };
  const seen: Ending[] = [];
  const reply = createReply(head({ status: 204, empty: true }), source);
  const tapped = tap(tap(unread(reply, [], 'ok'), {}), {
    end: (ending) => {
      seen.push(ending);
      return ending;
    },
  });
  ended.resolve({ verdict: 'ok', complete: true, bytes: 0 });
  expect(await tapped.ended).toMatchObject({ verdict: 'ok', complete: true });
  expect(await tapped.body.next()).toMatchObject({ done: true });
  expect(seen).toHaveLength(1);
  expect(discards).toBe(0);
});

test('a discard ends a pending read and the ending at once, through any number of taps', async () => {
  const open = openReply();
  const tapped = tap(unread(tap(tap(open.reply, { chunk: (chunk) => chunk }), {}), [], 'ok'), {});
  const pending = tapped.body.next();
  expect(await settled(pending)).toBe(false);
  tapped.discard();
  tapped.discard();
  expect(await pending).toEqual({ done: true, value: undefined });
  expect(open.discarded).toBe(true);
  expect(await tapped.ended).toMatchObject({ verdict: 'cancelled', complete: false });
  expect(await tapped.body.next()).toEqual({ done: true, value: undefined });
});

test('a discard ends a read whose hook still waits for something else', async () => {
  const open = openReply();
  const tapped = tap(tap(open.reply, { read: () => new Promise(() => {}) }), {});
  const pending = tapped.body.next();
  await settled(pending);
  tapped.discard();
  expect(await settled(pending)).toBe(true);
  expect((await tapped.ended).verdict).toBe('cancelled');
  expect(open.discarded).toBe(true);
});

test('a chunk that a hook still holds at a discard is not passed on', async () => {
  const open = openReply();
  const hook = Promise.withResolvers<Uint8Array>();
  const tapped = tap(open.reply, { chunk: () => hook.promise });
  open.push('late');
  const pending = tapped.body.next();
  await settled(pending);
  tapped.discard();
  hook.resolve(bytes('late'));
  expect(await pending).toMatchObject({ done: true });
});

test('a discard before the first read frees the socket', async () => {
  const open = openReply();
  tap(open.reply, {}).discard();
  expect(open.discarded).toBe(true);
  expect((await open.reply.ended).verdict).toBe('cancelled');
});

test('a discard after the end changes nothing', async () => {
  const open = openReply();
  const tapped = tap(open.reply, {});
  open.push('all');
  open.end();
  await textOf(tapped);
  tapped.discard();
  expect(open.discarded).toBe(false);
  expect(await tapped.ended).toEqual({ verdict: 'ok', complete: true, bytes: 3 });
});

test('a loop over a body that is left early gives the rest up', async () => {
  const open = openReply();
  const tapped = tap(open.reply, {});
  open.push('one');
  open.push('two');
  for await (const chunk of tapped.body) {
    expect(Buffer.from(chunk).toString()).toBe('one');
    break;
  }
  expect(open.discarded).toBe(true);
  expect(await tapped.ended).toMatchObject({ verdict: 'cancelled', complete: false });
});

test('a bad reply that is given up ends with its own verdict', async () => {
  for (const derive of [
    (reply: Reply) => reply,
    (reply: Reply) => tap(reply, {}),
    (reply: Reply) => unread(reply, [], 'overloaded'),
    (reply: Reply) => tap(unread(tap(reply, {}), [bytes('seen')], 'overloaded'), {}),
  ]) {
    const derived = derive(openReply({ verdict: 'overloaded' }).reply);
    derived.discard();
    expect((await derived.ended).verdict).toBe('overloaded');
  }
});

test('a reply that was judged bad from its body and is given up ends with that judgement, whatever the socket says', async () => {
  for (const derive of [
    (reply: Reply) => tap(reply, { verdict: 'overloaded' }),
    (reply: Reply) => unread(reply, [], 'overloaded'),
    (reply: Reply) => tap(unread(reply, [bytes('seen')], 'overloaded'), {}),
    (reply: Reply) => tap(tap(reply, { verdict: 'overloaded' }), {}),
  ]) {
    const derived = derive(openReply({ verdict: 'ok' }).reply);
    derived.discard();
    expect(await derived.ended).toMatchObject({ verdict: 'overloaded', complete: false });
  }
});

test('a reply that was judged bad does not end ok because its body arrived whole', async () => {
  for (const derive of [
    (reply: Reply) => tap(reply, { verdict: 'overloaded' }),
    (reply: Reply) => unread(reply, [], 'overloaded'),
    (reply: Reply) => tap(unread(reply, [], 'overloaded'), {}),
  ]) {
    const open = openReply({ verdict: 'ok' });
    const derived = derive(open.reply);
    open.end();
    await textOf(derived);
    expect(await derived.ended).toMatchObject({ verdict: 'overloaded', complete: true });
  }
});

test('a reply that ended badly on its own keeps that ending when it is given up afterwards', async () => {
  const open = openReply();
  const tapped = tap(open.reply, {});
  open.end({ verdict: 'network', complete: false });
  tapped.discard();
  expect((await tapped.ended).verdict).toBe('network');
});

test('a reply that had ended below but was given up before all of it was read has not arrived whole', async () => {
  const seen: Ending[] = [];
  const tapped = tap(wholeReply({}, 'never read'), {
    end: (ending) => {
      seen.push(ending);
      return ending;
    },
  });
  tapped.discard();
  expect(await tapped.ended).toMatchObject({ verdict: 'cancelled', complete: false });
  expect(seen).toMatchObject([{ verdict: 'cancelled', complete: false }]);
});

for (const [hook, hooks] of Object.entries({
  'a chunk hook': {
    chunk: () => {
      throw new Error('bug');
    },
  },
  'an asynchronous chunk hook': { chunk: () => Promise.reject(new Error('bug')) },
  'a read hook': { read: () => Promise.reject(new Error('bug')) },
})) {
  test(`${hook} that throws ends the body as a failure, frees the socket, and the end is still told`, async () => {
    const open = openReply();
    const seen: Ending[] = [];
    const tapped = tap(open.reply, {
      ...hooks,
      end: (ending) => {
        seen.push(ending);
        return ending;
      },
    });
    open.push('one');
    expect(await textOf(tapped)).toBe('');
    expect(open.discarded).toBe(true);
    expect(await tapped.ended).toMatchObject({ verdict: 'server-error', complete: false, cause: expect.any(Error) });
    expect(seen).toHaveLength(1);
  });
}

test('an end hook that throws ends the body as a failure', async () => {
  const open = openReply();
  const tapped = tap(open.reply, {
    end: () => {
      throw new Error('bug');
    },
  });
  open.end();
  expect(await textOf(tapped)).toBe('');
  expect(await tapped.ended).toMatchObject({ verdict: 'server-error', complete: false });
});

test('hooks that throw one after the other still settle the ending', async () => {
  const open = openReply();
  const fail = () => {
    throw new Error('bug');
  };
  const tapped = tap(open.reply, { chunk: fail, end: fail });
  open.push('one');
  await textOf(tapped);
  expect((await tapped.ended).verdict).toBe('server-error');
});

test('what was read ahead comes first, then the read that is still pending, then the rest', async () => {
  const open = openReply();
  open.push('a');
  open.push('b');
  const ahead: Uint8Array[] = [];
  for (let i = 0; i < 2; i += 1) {
    const read = await open.reply.body.next();
    if (!read.done) ahead.push(read.value);
  }
  const pending = open.reply.body.next();
  const whole = unread(open.reply, ahead, 'ok', pending);
  open.push('c');
  await settled(pending);
  open.push('d');
  open.end();
  expect(await textOf(whole)).toBe('abcd');
  expect(await whole.ended).toMatchObject({ verdict: 'ok', complete: true, bytes: 4 });
});

test('an observer of endings that throws is contained and shown as a warning', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onEnded(wholeReply(), () => {
    throw new Error('observer bug');
  });
  await settled(Promise.resolve());
  expect(warn.mock.calls.map(([warning]) => String(warning))).toEqual(['Error: observer bug']);
  warn.mockRestore();
});

type Layer = { kind: 'tap'; read: boolean; slow: boolean } | { kind: 'unread'; ahead: number; pending: boolean };

const layers = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('tap' as const), read: fc.boolean(), slow: fc.boolean() }),
    fc.record({ kind: fc.constant('unread' as const), ahead: fc.nat(3), pending: fc.boolean() }),
  ),
  { maxLength: 8 },
);

/** Puts the layers on a reply; `ends` counts the end hooks that were set and called. */
async function derive(reply: Reply, stack: readonly Layer[], ends: { set: number; called: number }): Promise<Reply> {
  let derived = reply;
  for (const layer of stack) {
    if (layer.kind === 'tap') {
      ends.set += 1;
      derived = tap(derived, {
        ...(layer.read && {
          read: async (next: () => Promise<Read>) => {
            const read = await next();
            return read.done ? undefined : read.value;
          },
        }),
        chunk: layer.slow ? async (chunk) => chunk : (chunk) => chunk,
        end: (ending) => {
          ends.called += 1;
          return ending;
        },
      });
    } else {
      const ahead: Uint8Array[] = [];
      for (let i = 0; i < layer.ahead; i += 1) {
        const read = await derived.body.next();
        if (read.done) break;
        ahead.push(read.value);
      }
      const pending = layer.pending ? derived.body.next() : undefined;
      derived = unread(derived, ahead, 'ok', pending);
    }
  }
  return derived;
}

test('every chunk comes through any stack of taps and of replies read ahead, once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 12 }), layers, async (texts, stack) => {
      const open = openReply();
      for (const text of texts) open.push(text);
      open.end();
      const ends = { set: 0, called: 0 };
      const derived = await derive(open.reply, stack, ends);
      expect(await textOf(derived)).toBe(texts.join(''));
      expect(await derived.ended).toMatchObject({ verdict: 'ok', complete: true });
      expect(ends.called).toBe(ends.set);
    }),
  );
});

test('a discard at any point of any stack ends the reads, the socket and every ending, once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(6), fc.nat(6), fc.boolean(), layers, async (chunks, reads, pendingRead, stack) => {
      let discards = 0;
      let left = chunks;
      let wake: ((read: Read) => void) | undefined;
      const ended = Promise.withResolvers<Ending>();
      const reply = createReply(head(), {
        next: () => {
          if (discards > 0) return Promise.resolve({ done: true, value: undefined });
          left -= 1;
          if (left >= 0) return Promise.resolve({ done: false, value: bytes('x') });
          return new Promise<Read>((resolve) => {
            wake = resolve;
          });
        },
        ended: ended.promise,
        discard: () => {
          discards += 1;
          ended.resolve({ verdict: 'cancelled', complete: false, bytes: 0 });
          wake?.({ done: true, value: undefined });
        },
      });
      // Reading ahead without end would hang: no more is asked for than there is.
      let budget = chunks;
      const fitting = stack.map((layer): Layer => {
        if (layer.kind === 'tap') return layer;
        const ahead = Math.min(layer.ahead, budget);
        budget -= ahead;
        return { ...layer, ahead, pending: layer.pending && budget-- > 0 };
      });
      const ends = { set: 0, called: 0 };
      const derived = await derive(reply, fitting, ends);
      for (let i = 0; i < Math.min(reads, budget); i += 1) await derived.body.next();
      const pending = pendingRead ? derived.body.next() : undefined;

      derived.discard();
      derived.discard();
      if (pending) expect(await settled(pending)).toBe(true);
      expect((await derived.ended).verdict).toBe('cancelled');
      expect(await settled(derived.body.next())).toBe(true);
      expect(discards).toBeGreaterThanOrEqual(1);
      expect(ends.called).toBe(ends.set);
    }),
  );
});
