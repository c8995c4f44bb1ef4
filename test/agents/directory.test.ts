import { describe, expect, it } from 'vitest';
import { AgentDirectory } from '../../src/agents/directory.ts';
import { anyPrincipal, type Pause, Pauses } from '../../src/agents/pauses.ts';
import type { Agent } from '../../src/core/exchange.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { call, callEnded } from '../telemetry/kit.ts';
import { KeptPauses } from './kept-pauses.ts';

const planner: Agent = { name: 'planner', source: 'header', principal: 'abcdefghijklmnop', client: 'node' };

function directory(pauses: readonly Pause[] = []) {
  const known = new Pauses(pauses, new KeptPauses());
  const clock = new ManualClock();
  const agents = new AgentDirectory(clock, known);
  const ends = (agent: Agent, session?: string) => agents.on(callEnded('ok'), call({ agent, ...(session !== undefined && { session }) }));
  return { agents, ends, known };
}

describe('the directory of agents', () => {
  it('counts calls by their outcome, and sessions once each', () => {
    const { agents, ends } = directory();
    for (const session of ['a', 'b', 'a']) ends(planner, session);
    agents.on(callEnded('timeout'), call({ agent: planner }));
    expect(agents.list()).toMatchObject([
      {
        id: 'planner~abcdefgh',
        name: 'planner',
        client: 'node',
        requests: 4,
        sessions: 2,
        outcomes: { ok: 3, timeout: 1 },
        state: 'running',
      },
    ]);
  });

  it('sums what calls have spent, reported and estimated', () => {
    const { agents } = directory();
    const usage = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 5 };
    const spent = { usage, estimated: usage, costUsd: 0.25, unpriced: 0, wasted: [] };
    for (const one of [spent, { ...spent, estimated: undefined, costUsd: undefined }])
      agents.on(Object.assign(callEnded('ok'), { spent: one }), call({ agent: planner }));
    expect(agents.list()[0]).toMatchObject({ tokens: 45, costUsd: 0.25 });
  });

  it('keeps the agents of two callers apart although their names are equal, and finds both by the name', () => {
    const { agents, ends } = directory();
    ends(planner);
    ends({ ...planner, principal: 'zyxwvutsrqponmlk' });
    expect(agents.list().map(({ id }) => id)).toEqual(['planner~zyxwvuts', 'planner~abcdefgh']);
    expect(agents.find('planner')).toHaveLength(2);
    expect(agents.find('planner~zyxwvuts')).toHaveLength(1);
    expect(agents.principalOf('planner~zyxwvuts')).toBe('zyxwvutsrqponmlk');
  });

  it('keeps the latest 1,000 agents and no more', () => {
    const { agents, ends } = directory();
    for (let number = 0; number < 1_100; number += 1) ends({ name: `agent-${number}`, source: 'header', principal: '' });
    expect(agents.list()).toHaveLength(1_000);
    expect([agents.find('agent-99'), agents.find('agent-100')].map(({ length }) => length)).toEqual([0, 1]);
  });

  it('shows who is paused and why, also who has not called yet', () => {
    const paused = { agent: 'planner', principal: 'abcdefghijklmnop', reason: 'too dear', by: 'person', sinceMs: 0 } as const;
    const { agents, ends } = directory([paused, { ...paused, agent: 'other', principal: anyPrincipal }]);
    ends(planner);
    expect(agents.list()).toMatchObject([
      {
        id: 'planner~abcdefgh',
        state: 'paused',
        pause: { reason: 'too dear', by: 'person', since: '1970-01-01T00:00:00.000Z' },
        requests: 1,
      },
      { id: 'other', state: 'paused', requests: 0, lastSeen: null },
    ]);
  });
});
