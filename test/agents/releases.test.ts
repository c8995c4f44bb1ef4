import { describe, expect, test } from 'vitest';
import type { Pause } from '../../src/agents/pauses.ts';
import { type KeptRelease, Releases } from '../../src/agents/releases.ts';
import { releaseFrom } from '../../src/agents/stored-releases.ts';
import { rounds } from './kit.ts';

const evidence = { kind: 'repeat', count: 4, tool: 'shell', firstRound: 1, lastRound: 4, fingerprint: 'a X' } as const;
const pause = (more: Partial<Pause> = {}): Pause => ({
  ...{ agent: 'planner', principal: 'mine', reason: 'loop', by: 'loop', sinceMs: 5, evidence },
  ...more,
});

/** Releases with what is kept of them, as JSON would have it. */
function kept(before: ReadonlyMap<string, KeptRelease> = new Map()) {
  const byId = new Map(before);
  const store = {
    put: (id: string, release: KeptRelease) => void byId.set(id, JSON.parse(JSON.stringify(release)) as KeptRelease),
    remove: (id: string) => void byId.delete(id),
  };
  return { byId, releases: new Releases([...byId.values()], store) };
}

const pastOf = (releases: Releases, names: readonly string[]) => {
  const all = rounds(names);
  return all.filter((round) => releases.of('planner', 'mine').isPast(round, all)).map(({ index }) => index);
};

describe('the release of an agent', () => {
  test('is known after a restart, with its loops and the rounds that were in them', () => {
    const first = kept();
    first.releases.add(pause(), undefined, 70);
    const { releases } = kept(first.byId);
    expect(releases.of('planner', 'mine').loops).toEqual(new Set(['a X']));
    expect(releases.of('planner', 'other').loops.size).toBe(0);
    // What came behind is to be judged, and so is another conversation.
    expect(pastOf(releases, ['aX', 'aX', 'aX', 'aX', 'aX'])).toEqual([0, 1, 2, 3]);
    expect(pastOf(releases, ['aX', 'aX', 'aX', 'bY', 'aX'])).toEqual([]);
    expect(pastOf(releases, ['aX', 'aX'])).toEqual([]);
  });

  test('has all the loops that the agent was let go on from, the latest 16', () => {
    const { byId, releases } = kept();
    for (let at = 0; at < 20; at += 1) releases.add(pause({ evidence: { ...evidence, fingerprint: `${at}` } }), undefined, at);
    expect([releases.of('planner', 'mine').atMs, releases.of('planner', 'mine').loops.size]).toEqual([19, 16]);
    expect([...byId.values()][0]?.loops.map(({ fingerprint }) => fingerprint).at(-1)).toBe('19');
  });

  test('is remembered of the latest 1,000 agents, and no longer kept of others', () => {
    const { byId, releases } = kept();
    for (let at = 0; at < 1_010; at += 1) releases.add(pause({ agent: `agent-${at}` }), 'a note', at);
    expect(byId.size).toBe(1_000);
    expect(releases.takeNote('agent-0', 'mine')).toBe(undefined);
    expect(releases.takeNote('agent-1009', 'mine')?.text).toBe('a note');
  });

  test('keeps its note until the model has it, over a restart', () => {
    const first = kept();
    first.releases.add(pause(), 'look here', 70);
    const second = kept(first.byId);
    expect(second.releases.anyNote).toBe(true);
    const note = second.releases.takeNote('planner', 'mine');
    expect(note?.text).toBe('look here');
    expect(kept(second.byId).releases.anyNote).toBe(false);
    if (note) second.releases.giveBack(note);
    expect(kept(second.byId).releases.takeNote('planner', 'mine')?.text).toBe('look here');
    if (note) second.releases.dropNote(note.key);
    expect([second.releases.anyNote, kept(second.byId).releases.anyNote]).toEqual([false, false]);
  });

  test('is read again as it was from its JSON, and nothing else is taken for one', () => {
    const whole: KeptRelease = { agent: 'planner', principal: 'mine', loops: [{ fingerprint: 'a', lastRound: 4 }], note: 'x' };
    expect(releaseFrom(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
    for (const other of [undefined, 7, {}, { ...whole, loops: [{}] }, { ...whole, note: 7 }]) expect(releaseFrom(other)).toBe(undefined);
  });
});
