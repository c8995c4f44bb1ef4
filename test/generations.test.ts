import { describe, expect, onTestFinished, test } from 'vitest';
import { createAgents } from '../src/agents-of.ts';
import { CallsUnderWay } from '../src/calls-under-way.ts';
import { systemClock } from '../src/core/clock.ts';
import { Journal } from '../src/core/journal.ts';
import { StateRegistry } from '../src/core/state.ts';
import { Generations } from '../src/generations.ts';
import { OwnConnections } from '../src/proxy/own-connections.ts';
import { StateStore } from '../src/store/state-store.ts';
import { ok } from './kit/http-text.ts';
import { answer, type RawUpstream, rawUpstream, silent } from './kit/raw-upstream.ts';
import { eventually, within } from './kit/timing.ts';
import { load } from './life/reloading-sidecar.ts';
import { exchange, textOf } from './policies/kit.ts';
import { call, callEnded } from './telemetry/kit.ts';

const configFor = ({ url }: RawUpstream) =>
  load({ upstreams: { peer: { url, dialect: 'http' } }, routes: [{ path: '/', upstream: 'peer' }] });

/** The generations of a sidecar that has changed from one upstream to another while a call was under way, `more` before that. */
async function changed(first: RawUpstream, more: (send: () => Promise<string>) => Promise<void>) {
  const registry = new StateRegistry();
  const context = { clock: systemClock, random: Math.random, state: registry.state };
  const calls = new CallsUnderWay(context.clock);
  const journal = new Journal([calls]);
  const fail = (error: unknown) => expect.fail(String(error));
  const store = new StateStore('/nowhere/state.db', context.clock, fail);
  const loops = await createAgents({ directory: '/nowhere', sessions: 10, store, onError: fail });
  const generations = new Generations(configFor(first), { context, loops, registry, own: new OwnConnections(), calls, journal });
  onTestFinished(() => generations.destroy());
  const { connections } = generations.current.links.get('peer')!;
  const send = async () => {
    const outcome = await connections!.send(exchange({ target: { upstream: 'peer' }, home: { upstream: 'peer' } }));
    return outcome.kind === 'reply' ? textOf(outcome) : outcome.kind;
  };
  const underWay = call({ startedAt: context.clock.now() });
  journal.publish({ kind: 'call-started', attempt: 0 }, underWay);
  await more(send);
  generations.replace(configFor(await rawUpstream()));
  const end = () => journal.publish(callEnded('ok'), underWay);
  return { generations, sockets: () => connections!.sockets, end };
}

describe('connections of a configuration that is not in force any more', () => {
  test('are kept while a call is under way, and closed when the last one has ended', async () => {
    const first = await rawUpstream(answer(ok()));
    const { sockets, end } = await changed(first, async (send) => expect(await send()).toBe('ok'));
    expect(sockets()).toBe(1);
    end();
    await eventually('it is closed', () => sockets() === 0);
  });

  test.each(['close', 'destroy'] as const)('are closed by %s as well, although a call is under way', async (how) => {
    const first = await rawUpstream(answer(ok()));
    const { generations, sockets } = await changed(first, async (send) => expect(await send()).toBe('ok'));
    await within(1_000, generations[how](), how);
    await within(1_000, first.connections[0]!.ended, 'the end of the connection');
    expect(sockets()).toBe(0);
  });

  test('may end their requests before they are closed', async () => {
    const first = await rawUpstream(silent);
    let answered: Promise<string> | undefined;
    const { generations } = await changed(first, async (send) => {
      answered = send();
      await (await first.connection()).request();
    });
    let over = false;
    const closed = generations.close().then(() => {
      over = true;
    });
    await new Promise(setImmediate);
    expect(over).toBe(false);
    first.connections[0]!.send(ok('late'));
    expect(await answered).toBe('late');
    await within(1_000, closed, 'the end');
  });

  test('are closed in the midst of their requests where there is no more time', async () => {
    const first = await rawUpstream(silent);
    let answered: Promise<string> | undefined;
    const { generations, sockets } = await changed(first, async (send) => {
      answered = send();
      await (await first.connection()).request();
    });
    const closed = generations.close();
    await within(1_000, generations.destroy(), 'the end');
    expect(await answered).toBe('failure');
    await closed;
    await eventually('it is closed', () => sockets() === 0);
  });
});
