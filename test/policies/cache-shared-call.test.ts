import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange, Handler } from '../../src/core/exchange.ts';
import { abortedFailure, failure } from '../../src/core/failure.ts';
import type { Outcome, ReplyHead } from '../../src/core/outcome.ts';
import { stack } from '../../src/core/policy.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { createRoute } from '../../src/policies/route.ts';
import { cache, fixed, llm, readThrough, results, seen } from './cache-kit.ts';
import { context, openReply, script, type TestExchange, wholeReply } from './kit.ts';

/** An upstream whose answers a test gives one by one; a call that is aborted ends at once, unless it is deaf. */
function upstream({ deaf = false } = {}) {
  const calls: { exchange: Exchange; answer(outcome: Outcome): void }[] = [];
  const next = (exchange: Exchange) =>
    new Promise<Outcome>((resolve) => {
      const { signal } = exchange;
      if (!deaf) signal.addEventListener('abort', () => resolve(abortedFailure(signal, 'maybe')), { once: true });
      calls.push({ exchange, answer: resolve });
    });
  return { calls, next };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Three equal calls that have all been made. */
async function three(overrides?: Parameters<typeof readThrough>[0], make: () => TestExchange = fixed) {
  const through = readThrough(overrides);
  const { calls, next } = upstream();
  const agents = [make(), make(), make()];
  const runs = agents.map((agent) => through.run(agent, next));
  await settled();
  return { ...through, calls, next, agents, runs };
}

describe('equal calls that miss at the same time', () => {
  it('share one, whose answer each of them gets', async () => {
    const { calls, runs, agents, policy } = await three();
    expect(calls).toHaveLength(1);
    calls[0]?.answer(wholeReply({ headers: ['set-cookie', '__cf_bm=1', 'x-a', '1'] }, 'text'));

    const outcomes = await Promise.all(runs);
    expect(outcomes[0]).toMatchObject({ headers: ['set-cookie', '__cf_bm=1', 'x-a', '1', 'cache-status', 'outrigger; fwd=miss; stored'] });
    expect(outcomes[1]).toMatchObject({ headers: ['x-a', '1', 'cache-status', 'outrigger; fwd=miss; collapsed'] });
    expect((await Promise.all(outcomes.map(seen))).map((one) => 'origin' in one && [one.origin, one.text])).toEqual([
      ['upstream', 'text'],
      ['cache', 'text'],
      ['cache', 'text'],
    ]);
    expect(agents.map(results)).toEqual([['miss', 'stored'], ['hit'], ['hit']]);
    expect(policy.inspect?.()).toMatchObject({ entries: 1, hits: 2, copyingBytes: 0 });
  });

  it('share one that has an id and a signal of its own', async () => {
    const { calls, agents } = await three();
    expect(agents.map(({ id }) => id)).not.toContain(calls[0]?.exchange.id);
    expect(agents.map(({ signal }) => signal)).not.toContain(calls[0]?.exchange.signal);
  });

  it('go on when the first of them leaves, and end at once when the last one has left', async () => {
    const { calls, runs, agents, policy } = await three();
    agents[0]?.hangUp();
    expect(await runs[0]).toMatchObject({ kind: 'failure', code: 'cancelled' });
    agents[2]?.hangUp();
    expect(await runs[2]).toMatchObject({ code: 'cancelled' });
    expect(calls[0]?.exchange.signal.aborted).toBe(false);
    agents[1]?.hangUp();
    expect(calls[0]?.exchange.signal).toMatchObject({ aborted: true, reason: { verdict: 'cancelled' } });
    expect(await runs[1]).toMatchObject({ code: 'cancelled' });
    expect(policy.inspect?.()).toMatchObject({ entries: 0, copyingBytes: 0 });
  });

  it('give up an answer that is still coming when the last one has left', async () => {
    const { calls, runs, agents } = await three();
    const answer = openReply();
    calls[0]?.answer(answer.reply);
    answer.push('half');
    await settled();
    for (const agent of agents) agent.hangUp();
    await Promise.all(runs);
    await settled();
    expect(answer.discarded).toBe(true);
  });

  it.each(['text/plain', 'text/event-stream'])('give up an answer as %s that comes when the last one has left', async (type) => {
    const through = readThrough();
    const late = Promise.withResolvers<Outcome>();
    const agent = fixed();
    const run = through.run(agent, () => late.promise);
    await settled();
    agent.hangUp();
    const answer = openReply({ headers: ['content-type', type] });
    late.resolve(answer.reply);
    await run;
    await settled();
    expect(answer.discarded).toBe(true);
  });

  it('are not touched any more by one that leaves with its answer', async () => {
    const { calls, runs, agents } = await three();
    calls[0]?.answer(wholeReply());
    await Promise.all(runs);
    for (const agent of agents) agent.hangUp();
    expect(calls[0]?.exchange.signal.aborted).toBe(false);
  });

  it('leave the guard able to discard a stream that only one of them got', async () => {
    for (const responseHeaders of [true, false]) {
      const answer = openReply({ headers: ['content-type', 'text/event-stream'] });
      const replaces = {
        name: 'replaces',
        async run(call: Exchange, next: Handler) {
          await next(call);
          return failure('agent_paused', 'paused');
        },
      };
      const policy = cache({ mode: 'read-through', fresh: '60s', any: true }, context(), {
        set: 'llm',
        server: 'https://llm.example',
        responseHeaders,
      });
      await stack([createGuarded(), replaces, policy], async () => answer.reply)(llm());
      expect(answer.discarded).toBe(true);
    }
  });

  it('are made anew after one that nobody waited for any more', async () => {
    const { calls, runs, agents, run, next } = await three();
    for (const agent of agents) agent.hangUp();
    const later = run(fixed(), next);
    await settled();
    expect(calls).toHaveLength(2);
    calls[1]?.answer(wholeReply({}, 'later'));
    expect(await seen(await later)).toMatchObject({ origin: 'upstream', text: 'later' });
    await Promise.all(runs);
  });

  it('have the events of the one told once, to the first that still waits', async () => {
    const through = readThrough();
    const answer = openReply();
    const hanging = Promise.withResolvers<Outcome>();
    const route = createRoute(new Map([['main', () => hanging.promise]]), through.clock);
    const [first, second] = [fixed(), fixed()];
    const runs = [through.run(first, route), through.run(second, route)];
    await settled();
    first.hangUp();
    hanging.resolve(answer.reply);
    answer.end();
    await Promise.all(runs);
    expect(first.events.map(({ kind }) => kind)).toEqual(['cache', 'attempt-started']);
    expect(second.events.map(({ kind }) => kind)).toEqual(['attempt-answered', 'attempt-ended', 'cache', 'cache']);
    expect(results(second)).toEqual(['stored', 'miss']);
  });

  it('share a failure, and each looks for an answer in its place', async () => {
    const { calls, runs, agents } = await three();
    calls[0]?.answer(failure('upstream_unreachable', 'no connection'));
    expect((await Promise.all(runs)).map((outcome) => outcome.kind === 'failure' && outcome.code)).toEqual(
      Array(3).fill('upstream_unreachable'),
    );
    expect(agents.map(results)).toEqual(Array(3).fill(['miss']));
  });

  it('share a bad reply, which is nobody served from the cache', async () => {
    const { calls, runs } = await three();
    calls[0]?.answer(wholeReply({ verdict: 'rate-limited', status: 429, retryAfterMs: 5 }, 'slow down'));
    for (const outcome of await Promise.all(runs)) {
      expect(outcome).toMatchObject({ verdict: 'rate-limited', retryAfterMs: 5 });
      expect(await seen(outcome)).toMatchObject({ origin: 'upstream', status: 429, text: 'slow down' });
    }
  });

  it.each<[string, Partial<ReplyHead>]>([
    ['a stream', { headers: ['content-type', 'text/event-stream'] }],
    ['an answer that may not be kept', { headers: ['cache-control', 'private'] }],
    ['an answer with a cookie', { headers: ['set-cookie', 'session=1'] }],
    ['an answer that announces to be too long', { headers: ['content-length', '99999999'] }],
  ])('do not share %s: the first has it, and the others call for themselves', async (_, head) => {
    const { calls, runs } = await three();
    const answer = openReply(head);
    calls[0]?.answer(answer.reply);
    await settled();
    expect(calls).toHaveLength(3);
    calls[1]?.answer(wholeReply({}, 'second'));
    calls[2]?.answer(wholeReply({}, 'third'));
    answer.push('first');
    answer.end();
    const texts = await Promise.all(runs.map(async (run) => seen(await run)));
    expect(texts.map((one) => 'text' in one && one.text)).toEqual(['first', 'second', 'third']);
  });

  it('give the first all of an answer that turned out too long, and of one that broke off', async () => {
    for (const [overrides, ending] of [
      [{ maxEntry: '8B' }, {}],
      [{}, { complete: false, verdict: 'network' as const }],
    ] as const) {
      const { calls, runs, agents, policy } = await three(overrides);
      const answer = openReply();
      calls[0]?.answer(answer.reply);
      for (const agent of agents.slice(1)) agent.hangUp();
      answer.push('12345');
      answer.push('67890');
      answer.end(ending);
      const [first] = await Promise.all(runs);
      expect(await seen(first as Outcome)).toMatchObject({ origin: 'upstream', text: '1234567890' });
      expect(first?.kind === 'reply' && (await first.ended)).toMatchObject({ complete: true, ...ending });
      expect(policy.inspect?.()).toMatchObject({ entries: 0, copyingBytes: 0 });
    }
  });

  it('do not share what they ask as a stream, nor where the answer is left to chance', async () => {
    expect((await three({}, () => fixed({ stream: true }))).calls).toHaveLength(3);
    expect((await three({}, llm)).calls).toHaveLength(3);
    expect((await three({ any: true }, llm)).calls).toHaveLength(1);
    expect((await three({ observe: true })).calls).toHaveLength(3);
  });

  it('are not equal for two principals', async () => {
    const names = ['alice', 'bob', 'carol'];
    const { calls } = await three({}, () => llm({ deterministic: true }, undefined, ['x-api-key', names.pop() ?? '']));
    expect(calls).toHaveLength(3);
  });

  it('each have one outcome, and no answer is lost, whoever leaves and whenever', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('start' as const) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), pick: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer' as const), pick: fc.nat(), stream: fc.boolean() }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat(), whole: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { run, policy } = readThrough({ fresh: '0s' }, context());
        const { calls, next } = upstream({ deaf: true });
        const agents: TestExchange[] = [];
        const outcomes: (Outcome | undefined)[] = [];
        const answers: ReturnType<typeof openReply>[] = [];
        const open: ReturnType<typeof openReply>[] = [];
        let answered = 0;
        const answer = (stream: boolean) => {
          const reply = openReply(stream ? { headers: ['content-type', 'text/event-stream'] } : {});
          reply.push('text');
          answers.push(reply);
          open.push(reply);
          calls[answered++]?.answer(reply.reply);
        };
        const finish = (index: number, whole: boolean) =>
          open.splice(index, 1)[0]?.end(whole ? {} : { complete: false, verdict: 'network' });

        for (const one of steps) {
          if (one.kind === 'start') {
            const agent = fixed();
            const index = agents.push(agent) - 1;
            void run(agent, next).then((outcome) => {
              outcomes[index] = outcome;
            });
          } else if (one.kind === 'leave' && agents.length > 0) agents[one.pick % agents.length]?.hangUp();
          else if (one.kind === 'answer' && answered < calls.length) answer(one.stream);
          else if (one.kind === 'end' && open.length > 0) finish(one.pick % open.length, one.whole);
          else if (one.kind === 'settle') await settled();
        }
        // Once at least: an answer that all have got may still be coming.
        for (let left = 0; left < 100 && (left === 0 || outcomes.filter(Boolean).length < agents.length); left++) {
          await settled();
          while (answered < calls.length) answer(false);
          while (open.length > 0) finish(0, true);
        }
        await settled();

        expect(outcomes.filter(Boolean)).toHaveLength(agents.length);
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome?.kind !== 'reply') expect(agents[index]?.signal.aborted).toBe(true);
          else expect(await seen(outcome)).toMatchObject({ text: 'text' });
        }
        // Every answer has gone to somebody or was given up: none waits to be read for ever.
        for (const { reply } of answers)
          expect(await Promise.race([reply.ended.then(() => 'over'), settled().then(() => 'open')])).toBe('over');
        expect(policy.inspect?.()).toMatchObject({ copyingBytes: 0 });
      }),
      // Told as a case that hangs, and not as a test that is slow.
      { timeout: 5_000 },
    );
  });
});

it('a shared call is made by whoever misses first, once more after its end', async () => {
  const { run } = readThrough({ fresh: '0s' });
  const inner = script(wholeReply({}, 'one'), wholeReply({}, 'two'));
  expect(await seen(await run(fixed(), inner))).toMatchObject({ text: 'one' });
  expect(await seen(await run(fixed(), inner))).toMatchObject({ text: 'two' });
});
