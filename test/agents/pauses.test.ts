import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { agentId } from '../../src/agents/agent-id.ts';
import { Agents } from '../../src/agents/agents.ts';
import { readPauses, writePauses } from '../../src/agents/pause-file.ts';
import { type Pause, Pauses } from '../../src/agents/pauses.ts';
import { Principals } from '../../src/agents/principal.ts';

const pause = (more: Partial<Pause> = {}): Pause => ({
  agent: 'planner',
  principal: 'mine',
  reason: 'lunch',
  by: 'person',
  sinceMs: 5,
  ...more,
});
const evidence = { kind: 'repeat', count: 4, tool: 'shell', firstRound: 1, lastRound: 4, fingerprint: 'a b' } as const;

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'outrigger-pauses-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

describe('a pause', () => {
  test('concerns the agents of its name and caller, or of every caller', () => {
    const pauses = new Pauses([pause()], () => {});
    expect([pauses.of('planner', 'mine'), pauses.of('planner', 'other'), pauses.of('writer', 'mine')]).toEqual([
      pause(),
      undefined,
      undefined,
    ]);
    pauses.add(pause({ principal: '*' }));
    expect(pauses.of('planner', 'other')).toMatchObject({ principal: '*' });
  });

  test('keeps its first reason, and is told of only where something changes', () => {
    const told: number[] = [];
    const pauses = new Pauses([], (all) => told.push(all.length));
    expect([pauses.add(pause()), pauses.add(pause({ reason: 'again' })), pauses.remove(pause()), pauses.remove(pause())]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([told, pauses.any]).toEqual([[1, 0], false]);
  });

  test('is in the file as it was, which nobody else may read', () => {
    const path = join(directory(), 'state', 'pauses.json');
    const all = [pause(), pause({ agent: 'writer', by: 'loop', evidence })];
    expect(readPauses(path)).toEqual([]);
    writePauses(path, all);
    writePauses(path, all);
    expect(readPauses(path)).toEqual(all);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(path, '..'))).toEqual(['pauses.json']);
  });

  test('that cannot be read is an error, and the file stays', () => {
    const path = join(directory(), 'pauses.json');
    writeFileSync(path, '{"version":1,"pauses":[{"agent":');
    expect(() => readPauses(path)).toThrow();
    writeFileSync(path, '{"version":2,"pauses":[]}');
    expect(() => readPauses(path)).toThrow();
    expect(existsSync(path)).toBe(true);
  });
});

describe('an agent that is let go on', () => {
  test('is remembered with the loops that it was in, and its note is given once', () => {
    const agents = new Agents(new Pauses([pause({ evidence })], () => {}));
    expect(agents.resume(pause({ evidence }), 'look here', 70)).toBe(true);
    expect(agents.releaseOf('planner', 'mine')).toEqual({ atMs: 70, loops: new Set(['a b']) });
    expect(agents.releaseOf('planner', 'other').atMs).toBe(Number.NEGATIVE_INFINITY);
    expect([agents.takeNote('planner', 'other'), agents.takeNote('planner', 'mine')?.text]).toEqual([undefined, 'look here']);
    expect([agents.takeNote('planner', 'mine'), agents.anyNote]).toEqual([undefined, false]);
  });

  test('gets a note later that nobody could be given, unless there is a newer one', () => {
    const agents = new Agents(new Pauses([pause()], () => {}));
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
    expect(new Agents(new Pauses([], () => {})).resume(pause(), undefined, 1)).toBe(false);
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
