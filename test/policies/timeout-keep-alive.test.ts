import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reply, ReplyHead } from '../../src/core/outcome.ts';
import { openai } from '../../src/llm/openai.ts';
import { createGate } from '../../src/policies/gate.ts';
import { createTimeout, timeoutSettings } from '../../src/policies/timeout.ts';
import { context, exchange, type OpenReply, openReply, openTunnel, post, script, wholeReply } from './kit.ts';

const eventStream = ['content-type', 'text/event-stream; charset=utf-8'];
const comment = ': keep-alive\n\n';

/** Reads a body as a server does: as soon as something is there. */
function reading(reply: Reply) {
  const seen = { text: '', over: false };
  void (async () => {
    for await (const chunk of reply.body) seen.text += Buffer.from(chunk).toString('latin1');
    seen.over = true;
  })();
  return seen;
}

async function kept(head: Partial<ReplyHead> = {}, keepAlive: string | undefined = '15s', observe = false) {
  const { clock } = context();
  const open = openReply({ headers: eventStream, ...head });
  const settings = timeoutSettings.parse({ observe, idle: '1h', ...(keepAlive && { keepAlive }) });
  const reply = (await createTimeout(settings, { clock }).run(exchange(), script(open.reply))) as Reply;
  const push = async (text: string) => {
    open.push(text);
    await clock.advance(0);
  };
  return { clock, open, reply, push, untouched: reply === open.reply };
}

describe('a stream that is kept alive', () => {
  it('has a comment after every silence of that length, and nothing else', async () => {
    const { clock, open, reply, push } = await kept();
    const seen = reading(reply);
    await push('data: a\n\n');
    await clock.advance(14_999);
    expect(seen.text).toBe('data: a\n\n');
    await clock.advance(1);
    expect(seen.text).toBe(`data: a\n\n${comment}`);
    await clock.advance(30_000);
    expect(seen.text).toBe(`data: a\n\n${comment.repeat(3)}`);
    await push('data: b\n\n');
    await clock.advance(14_999);
    open.end();
    await clock.advance(0);
    expect(seen).toEqual({ text: `data: a\n\n${comment.repeat(3)}data: b\n\n`, over: true });
    expect(await reply.ended).toEqual({ verdict: 'ok', complete: true, bytes: 18 });
    expect(clock.pending).toBe(0);
  });

  it('may begin with one', async () => {
    const { clock, reply, push } = await kept();
    const seen = reading(reply);
    await clock.advance(15_000);
    await push('data: a\n\n');
    expect(seen.text).toBe(`${comment}data: a\n\n`);
  });

  it.each(['data: a', 'data: a\n', 'data: a\r\n', 'data: a\r\n\r', 'data: a\n\ndata: b\r'])(
    'has none in the middle of an event: %j',
    async (begun) => {
      const { clock, reply, push } = await kept();
      const seen = reading(reply);
      await push(begun);
      await clock.advance(60_000);
      expect(seen.text).toBe(begun);
    },
  );

  it.each(['data: a\n\n', 'data: a\r\n\r\n', 'data: a\r\r', 'data: a\n\r\n'])(
    'has one behind an event, whatever its line ends and wherever it is cut: %j',
    async (event) => {
      for (let cut = 1; cut < event.length; cut += 1) {
        const { clock, reply, push } = await kept();
        const seen = reading(reply);
        await push(event.slice(0, cut));
        await push(event.slice(cut));
        await clock.advance(15_000);
        expect(seen.text).toBe(event + comment);
      }
    },
  );

  it('loses nothing that came between a comment and the next read', async () => {
    const { clock, reply, push } = await kept();
    await push('data: a\n\n');
    await reply.body.next();
    const commented = reply.body.next();
    await clock.advance(15_000);
    expect(Buffer.from((await commented).value ?? []).toString()).toBe(comment);
    await push('data: b\n\n');
    expect(Buffer.from((await reply.body.next()).value ?? []).toString()).toBe('data: b\n\n');
  });

  it('has none within an event that began in the chunk that ended another', async () => {
    const { clock, reply, push } = await kept();
    const seen = reading(reply);
    await push('data: a\n\nda');
    await clock.advance(60_000);
    expect(seen.text).toBe('data: a\n\nda');
  });

  it.each(['identity', ' Identity '])('may say that it is not encoded by %j', async (encoding) => {
    const { untouched } = await kept({ headers: [...eventStream, 'content-encoding', encoding] });
    expect(untouched).toBe(false);
  });

  it('has none while its agent is not reading', async () => {
    const { clock, open, reply } = await kept();
    open.push('data: a\n\n');
    await reply.body.next();
    await clock.advance(3_600_000);
    expect(clock.pending).toBe(0);
  });

  it('is given up at once when the agent leaves, a comment being due or not', async () => {
    const { clock, open, reply } = await kept();
    const seen = reading(reply);
    await clock.advance(20_000);
    reply.discard();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
    await clock.advance(60_000);
    expect(seen).toEqual({ text: comment, over: true });
    expect(open.discarded).toBe(true);
    expect(await reply.ended).toMatchObject({ verdict: 'cancelled' });
    expect(clock.pending).toBe(0);
  });

  it('ends as it ended: a cut is none of the comments', async () => {
    const { clock, open, reply } = await kept();
    const seen = reading(reply);
    await clock.advance(15_000);
    open.end({ verdict: 'network', complete: false });
    await clock.advance(0);
    expect(seen.over).toBe(true);
    expect(await reply.ended).toMatchObject({ verdict: 'network', complete: false });
  });

  it('gives every byte of the upstream once and in order, whenever it comes', async () => {
    const step = fc.record({
      text: fc.constantFrom('data: a\n\n', 'data: b\r\n\r\n', ': x\n\n', 'data: ', 'c\n', '\n'),
      afterMs: fc.nat(40_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { clock, open, reply, push } = await kept();
        const seen = reading(reply);
        for (const { text, afterMs } of steps) {
          await clock.advance(afterMs);
          await push(text);
        }
        open.end();
        await clock.advance(0);
        expect(seen.over).toBe(true);
        expect(seen.text.replaceAll(comment, '')).toBe(steps.map(({ text }) => text).join(''));
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is not kept alive', () => {
  it.each<[string, Partial<ReplyHead>]>([
    ['an answer that is no event stream', { headers: ['content-type', 'application/json'] }],
    ['an encoded stream', { headers: [...eventStream, 'Content-Encoding', 'gzip'] }],
    ['a stream of a stated length', { headers: [...eventStream, 'content-length', '9'] }],
    ['an error', { verdict: 'overloaded', status: 503 }],
    ['a stream without a body', { empty: true }],
  ])('%s', async (_name, head) => {
    expect((await kept(head)).untouched).toBe(true);
  });

  it('any stream, unless it is set; and none where the timeout only observes', async () => {
    expect((await kept({}, '')).untouched).toBe(true);
    const { clock, reply, push } = await kept({}, '15s', true);
    const seen = reading(reply);
    await push('data: a\n\n');
    await clock.advance(60_000);
    expect(seen.text).toBe('data: a\n\n');
  });

  it('a tunnel', async () => {
    const { tunnel } = openTunnel();
    const policy = createTimeout(timeoutSettings.parse({ keepAlive: '15s' }), context());
    expect(await policy.run(exchange(), script(tunnel))).toBe(tunnel);
    const whole = wholeReply({ headers: ['content-type', 'application/json'] });
    expect(await policy.run(exchange(), script(whole))).toBe(whole);
  });

  it('more often than every second', () => {
    expect(timeoutSettings.safeParse({ keepAlive: '999ms' }).error?.issues).toMatchObject([{ message: 'expected 1s or more' }]);
    expect(timeoutSettings.safeParse({ keepAlive: '1s' }).success).toBe(true);
  });
});

describe('the idle limit of a real stream', () => {
  const chunk = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;

  async function streamed(keepAlive?: string) {
    const { clock } = context();
    const open: OpenReply = openReply({ headers: eventStream });
    const call = exchange({
      dialect: openai,
      request: post({ path: '/v1/chat/completions', call: () => ({ kind: 'llm', stream: true, repeatable: true, stateful: false }) }),
    });
    const gate = createGate({ holds: true }, { clock });
    const settings = timeoutSettings.parse({ idle: '60s', ...(keepAlive && { keepAlive }) });
    const run = createTimeout(settings, { clock }).run(call, (inner) => gate.run(inner, script(open.reply)));
    open.push(chunk('Hello'));
    const reply = (await run) as Reply;
    return { clock, open, call, reply, seen: reading(reply) };
  }

  it('is not held off by comments of the upstream that keep the connection alive', async () => {
    const { clock, open, call, reply, seen } = await streamed();
    for (let second = 10; second < 60; second += 10) {
      await clock.advance(10_000);
      open.push(': OPENROUTER PROCESSING\n\n');
    }
    expect(seen.over).toBe(false);
    await clock.advance(10_000);
    expect(seen.over).toBe(true);
    expect(await reply.ended).toMatchObject({ verdict: 'timeout', complete: false });
    expect(call.noted('timeout')).toMatchObject([{ phase: 'idle', afterMs: 60_000 }]);
  });

  it('is not held off by comments of our own either', async () => {
    const { clock, reply, seen } = await streamed('15s');
    await clock.advance(59_999);
    expect(seen).toEqual({ text: chunk('Hello') + comment.repeat(3), over: false });
    await clock.advance(1);
    expect(seen.over).toBe(true);
    expect(await reply.ended).toMatchObject({ verdict: 'timeout' });
    expect(clock.pending).toBe(0);
  });
});
