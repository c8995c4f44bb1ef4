import { describe, expect, it } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import { createRoute } from '../../src/policies/route.ts';
import { context, exchange, hungUp, openReply, openTunnel, script, wholeReply } from './kit.ts';

describe('route', () => {
  it('sends each attempt to the stack of its target', async () => {
    const [main, spare] = [script(wholeReply()), script(wholeReply())];
    const route = createRoute(
      new Map([
        ['main', main],
        ['spare', spare],
      ]),
      context().clock,
    );
    const call = exchange();

    await route({ ...call, target: { upstream: 'spare', model: 'llama' } });
    await route(call);

    expect(spare.calls.map(({ attempt, target }) => [attempt, target.model])).toEqual([[1, 'llama']]);
    expect(main.calls.map(({ attempt }) => attempt)).toEqual([2]);
  });

  it('tells how an attempt began, answered and ended', async () => {
    const { clock } = context();
    await clock.advance(5000);
    const opened = openReply({ verdict: 'overloaded', status: 503, origin: 'chaos' });
    const call = exchange({ target: { upstream: 'main', model: 'gpt' } });
    const answer = async () => {
      await clock.advance(30);
      return opened.reply;
    };

    await createRoute(new Map([['main', script(answer)]]), clock)(call);
    const usage = { input: 1, output: 2, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
    await clock.advance(70);
    opened.push('busy');
    opened.end({ usage });
    await clock.advance(0);

    const about = { attempt: 1, upstream: 'main', model: 'gpt', verdict: 'overloaded' };
    expect(call.events).toEqual([
      { kind: 'attempt-started', attempt: 1, upstream: 'main', model: 'gpt' },
      { kind: 'attempt-answered', ...about, origin: 'chaos', status: 503, ms: 30 },
      { kind: 'attempt-ended', ...about, ms: 100, bytes: 4, complete: true, usage },
    ]);
  });

  it('tells of an upgrade as answered with 101', async () => {
    const { tunnel } = openTunnel();
    const call = exchange();

    await createRoute(new Map([['main', script(tunnel)]]), context().clock)(call);

    expect(call.noted('attempt-answered')).toMatchObject([{ verdict: 'ok', origin: 'upstream', status: 101 }]);
  });

  it('is a bug where the configuration let a target through that has no stack', async () => {
    const call = exchange({ target: { upstream: 'gone' } });
    await expect(createRoute(new Map(), context().clock)(call)).rejects.toThrow('there is no stack for the upstream gone');
    expect(call.events).toEqual([]);
  });

  it('tells of a failure with the timer that ran out, and of no end', async () => {
    const call = exchange();
    const late = failure('upstream_timeout', 'no answer', { phase: 'firstByte', sent: 'maybe', origin: 'upstream' });

    expect(await createRoute(new Map([['main', script(late)]]), context().clock)(call)).toBe(late);
    expect(call.events.map(({ kind }) => kind)).toEqual(['attempt-started', 'attempt-answered']);
    expect(call.noted('attempt-answered')).toMatchObject([{ verdict: 'timeout', origin: 'upstream', phase: 'firstByte' }]);
  });

  it('takes note of every reply and tunnel that was opened', async () => {
    const [{ reply }, { tunnel }] = [openReply(), openTunnel()];
    const call = exchange();
    const route = createRoute(new Map([['main', script(reply, failure('circuit_open', 'open'), tunnel)]]), context().clock);
    await route(call);
    await route(call);
    await route(call);

    expect(call.opened).toEqual({ attempts: 3, outcomes: [reply, tunnel], closed: false });
  });

  it('sends nothing for an agent that is gone', async () => {
    const main = script();
    const call = exchange();
    call.hangUp();

    expect(await createRoute(new Map([['main', main]]), context().clock)(call)).toMatchObject({ code: hungUp.code, sent: 'no' });
    expect(main.calls).toEqual([]);
    expect(call.events).toEqual([]);
    expect(call.opened.attempts).toBe(0);
  });
});
