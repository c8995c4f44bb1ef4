import { describe, expect, it } from 'vitest';
import type { Exchange, Opened } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import { type Reply, tap } from '../../src/core/outcome.ts';
import { type Policy, stack } from '../../src/core/policy.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { createRoute } from '../../src/policies/route.ts';
import { type Answer, context, exchange, openReply, openTunnel, script, wholeReply } from './kit.ts';

function guard(policy: Policy['run'], ...answers: Answer[]) {
  const route = createRoute(new Map([['main', script(...answers)]]), context().clock);
  return stack([createGuarded(), { name: 'policy', run: policy }], route);
}

describe('guarded', () => {
  it('returns the outcome as it came', async () => {
    const { reply } = openReply();

    expect(await guard((call, next) => next(call), reply)(exchange())).toBe(reply);
  });

  it('turns an exception into an internal error that tells nothing of it', async () => {
    const call = exchange();
    const bug = new Error('cannot read 10.0.0.7 of undefined');

    const outcome = await createGuarded().run(call, () => Promise.reject(bug));

    expect(outcome).toMatchObject({ kind: 'failure', code: 'internal_error', verdict: 'server-error', sent: 'no' });
    expect(outcome.kind === 'failure' && outcome.message).not.toContain('10.0.0.7');
    expect(call.noted('bug')).toEqual([{ kind: 'bug', attempt: 0, error: bug }]);
  });

  it('contains a handler that throws before it makes a promise', async () => {
    const outcome = await createGuarded().run(exchange(), () => {
      throw new Error('bug');
    });

    expect(outcome).toMatchObject({ code: 'internal_error' });
  });

  it('discards what was opened when a policy throws after next', async () => {
    const opened = openReply();
    const tunnel = openTunnel();

    const outcome = await guard(
      async (call, next) => {
        await next(call);
        await next(call);
        throw new Error('bug');
      },
      opened.reply,
      tunnel.tunnel,
    )(exchange());

    expect(outcome).toMatchObject({ code: 'internal_error', sent: 'maybe' });
    expect([opened.discarded, tunnel.discarded]).toEqual([true, true]);
  });

  it('discards every reply that a policy forgot, and not the one it returns', async () => {
    const [forgotten, returned] = [openReply({ verdict: 'overloaded' }), openReply()];

    const run: Policy['run'] = async (call, next) => {
      await next(call);
      return tap((await next(call)) as Reply, {});
    };
    const outcome = await guard(run, forgotten.reply, returned.reply)(exchange());

    expect(outcome).toMatchObject({ kind: 'reply', source: returned.reply.source });
    expect([forgotten.discarded, returned.discarded]).toEqual([true, false]);
  });

  it('discards an upstream reply that an answer of our own replaces', async () => {
    const replaced = openReply();
    const own = wholeReply({ origin: 'degraded' });

    const run: Policy['run'] = async (call, next) => {
      await next(call);
      return own;
    };

    expect(await guard(run, replaced.reply)(exchange())).toBe(own);
    expect(replaced.discarded).toBe(true);
  });

  it('discards a reply that opens after the call has its answer', async () => {
    const late = openReply();
    const arrival = Promise.withResolvers<Reply>();
    const pending: Promise<unknown>[] = [];

    const run: Policy['run'] = async (call, next) => {
      pending.push(next(call));
      return failure('draining', 'shutting down');
    };
    await guard(run, () => arrival.promise)(exchange());
    arrival.resolve(late.reply);
    await Promise.all(pending);

    expect(late.discarded).toBe(true);
  });

  it('lets go of every answer once the call has its own', async () => {
    const inner = script(wholeReply({ verdict: 'overloaded' }), openReply().reply);
    const route = createRoute(new Map([['main', inner]]), context().clock);
    const twice: Policy['run'] = async (call, next) => {
      await next(call);
      return next(call);
    };
    await stack([createGuarded(), { name: 'policy', run: twice }], route)(exchange());

    expect(inner.calls.map(({ opened }) => opened)).toEqual(Array(2).fill({ attempts: 2, outcomes: [], closed: true }));
  });

  it('gives every call a ledger of its own', async () => {
    const seen: Opened[] = [];
    const guarded = createGuarded();
    const next = async ({ opened }: Exchange) => {
      seen.push(opened);
      return wholeReply();
    };
    const call = exchange();
    await guarded.run(call, next);
    await guarded.run(call, next);

    expect(new Set([call.opened, ...seen]).size).toBe(3);
  });
});
