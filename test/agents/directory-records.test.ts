import { expect, it } from 'vitest';
import { AgentDirectory } from '../../src/agents/directory.ts';
import { Pauses } from '../../src/agents/pauses.ts';
import type { Agent } from '../../src/core/exchange.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { answered, call, callEnded } from '../telemetry/kit.ts';

const planner: Agent = { name: 'planner', source: 'header', principal: 'abcdefghijklmnop' };
const store = { put: () => {}, remove: () => {}, stored: () => Promise.resolve(true) };

it('tells what agents have done since it was asked last, and adds up what others tell', async () => {
  const clock = new ManualClock();
  const pauses = new Pauses([], store);
  const [one, other, sum] = [new AgentDirectory(clock, pauses), new AgentDirectory(clock, pauses), new AgentDirectory(clock, pauses)];
  const tell = () => {
    for (const directory of [one, other]) sum.absorb(structuredClone(directory.take()));
  };
  const serve = (directory: AgentDirectory, model: string, session: string) => {
    directory.on(answered('openai', { model }), call({ agent: planner, session }));
    directory.on(callEnded('ok', { spent: { costUsd: 0.5, unpriced: 0, wasted: [] } }), call({ agent: planner, session }));
  };

  const before = new Date(clock.wall()).toISOString();
  serve(one, 'small', 'a');
  serve(other, 'large', 'a');
  tell();
  await clock.advance(1000);
  serve(other, 'large', 'b');
  tell();
  tell();

  expect(one.list()).toEqual([]);
  const lastSeen = new Date(clock.wall()).toISOString();
  const facts = { id: 'planner~abcdefgh', requests: 3, outcomes: { ok: 3 }, sessions: 2, models: ['small', 'large'], costUsd: 1.5 };
  expect(sum.list()).toMatchObject([{ ...facts, firstSeen: before, lastSeen }]);
});

it('knows the last 500 sessions of an agent', () => {
  const directory = new AgentDirectory(new ManualClock(), new Pauses([], store));
  const serve = (session: string) => directory.on(callEnded('ok', {}), call({ agent: planner, session }));
  for (let i = 0; i < 501; i += 1) serve(`s${i}`);
  serve('s1');
  serve('new');
  expect(directory.list()).toMatchObject([{ sessions: 500 }]);
  const [record] = directory.take();
  // s1 was seen again, and so s2 is the one that went.
  expect([record!.sessions[0], ...record!.sessions.slice(-2)]).toEqual(['s3', 's1', 'new']);
});
