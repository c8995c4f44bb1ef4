import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { agentId } from '../../src/agents/agent-id.ts';
import { Agents } from '../../src/agents/agents.ts';
import { type Pause, Pauses } from '../../src/agents/pauses.ts';
import { Principals } from '../../src/agents/principal.ts';
import { pauseFrom, pausesInFile } from '../../src/agents/stored-pauses.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';
import { KeptPauses } from './kept-pauses.ts';

const pause = (more: Partial<Pause> = {}): Pause => ({
  agent: 'planner',
  principal: 'mine',
  reason: 'lunch',
  by: 'person',
  sinceMs: 5,
  ...more,
});
const evidence = { kind: 'repeat', count: 4, tool: 'shell', firstRound: 1, lastRound: 4, fingerprint: 'a b' } as const;

describe('a pause', () => {
  test('concerns the agents of its name and caller, or of every caller', () => {
    const pauses = new Pauses([pause()], new KeptPauses());
    expect([pauses.of('planner', 'mine'), pauses.of('planner', 'other'), pauses.of('writer', 'mine')]).toEqual([
      pause(),
      undefined,
      undefined,
    ]);
    pauses.add(pause({ principal: '*' }));
    expect(pauses.of('planner', 'other')).toMatchObject({ principal: '*' });
  });

  test('keeps its first reason, and is written only where something changes', () => {
    const kept = new KeptPauses();
    const pauses = new Pauses([], kept);
    const done = [pauses.add(pause()), pauses.add(pause({ reason: 'again' })), pauses.any, [...kept.byId.values()]];
    expect(done).toEqual([true, false, true, [pause()]]);
    expect([pauses.remove(pause()), pauses.remove(pause()), pauses.any, kept.byId.size]).toEqual([true, false, false, 0]);
    expect(kept.writes).toBe(2);
  });

  test('is read again as it was from its JSON, and nothing else is taken for one', () => {
    const whole = pause({ agent: 'writer', by: 'loop', evidence });
    expect(pauseFrom(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
    for (const other of [undefined, 7, {}, { ...whole, sinceMs: 'now' }, { ...whole, evidence: {} }])
      expect(pauseFrom(other)).toBe(undefined);
  });

  test('in the file of an earlier version that cannot be read is an error, and the file stays', () => {
    const path = join(temporaryDirectory(), 'pauses.json');
    expect(pausesInFile(path)).toEqual([]);
    for (const text of ['{"version":1,"pauses":[{"agent":', '{"version":2,"pauses":[]}']) {
      writeFileSync(path, text);
      expect(() => pausesInFile(path)).toThrow();
    }
    expect(existsSync(path)).toBe(true);
  });
});

describe('an agent that is let go on', () => {
  test('is remembered with the loops that it was in, and its note is given once', () => {
    const agents = new Agents(new Pauses([pause({ evidence })], new KeptPauses()));
    expect(agents.resume(pause({ evidence }), 'look here', 70)).toBe(true);
    expect(agents.releaseOf('planner', 'mine')).toMatchObject({ atMs: 70, loops: new Set(['a b']) });
    expect(agents.releaseOf('planner', 'other').atMs).toBe(Number.NEGATIVE_INFINITY);
    expect([agents.takeNote('planner', 'other'), agents.takeNote('planner', 'mine')?.text]).toEqual([undefined, 'look here']);
    expect([agents.takeNote('planner', 'mine'), agents.anyNote]).toEqual([undefined, false]);
  });

  test('gets a note later that nobody could be given, unless there is a newer one', () => {
    const agents = new Agents(new Pauses([pause()], new KeptPauses()));
    agents.resume(pause(), 'one', 1);
    const note = agents.takeNote('planner', 'mine');
    if (note) agents.giveBack(note);
    expect(agents.takeNote('planner', 'mine')?.text).toBe('one');
    agents.pauses.add(pause());
    agents.resume(pause(), 'two', 2);
    if (note) agents.giveBack(note);
    expect(agents.takeNote('planner', 'mine')?.text).toBe('two');
  });

  test('who is not paused is not let go on', () => {
    expect(new Agents(new Pauses([], new KeptPauses())).resume(pause(), undefined, 1)).toBe(false);
  });
});

describe('the tag of a key', () => {
  const secret = (text: string) => new Principals(() => Buffer.from(text));

  test('is the same in whatever field it comes, and another for other keys and other installations', () => {
    const one = secret('one');
    expect(one.tag('Bearer sk-1')).toBe(one.tag('sk-1'));
    expect(one.tag('bearer  sk-1 ')).toBe(one.tag('sk-1'));
    expect(one.tag('sk-2')).not.toBe(one.tag('sk-1'));
    expect(secret('two').tag('sk-1')).not.toBe(one.tag('sk-1'));
    expect(one.tag('sk-1')).not.toContain('sk-1');
  });

  test('asks for the secret once, and only when there is a key', () => {
    let asked = 0;
    const principals = new Principals(() => {
      asked += 1;
      return Buffer.from('x');
    });
    expect(asked).toBe(0);
    for (const key of ['a', 'b', 'a']) principals.tag(key);
    expect(asked).toBe(1);
  });

  test('makes two ids of two callers’ agents with one name', () => {
    expect([agentId('planner', ''), agentId('planner', 'abcdefghijkl')]).toEqual(['planner', 'planner~abcdefgh']);
  });
});
