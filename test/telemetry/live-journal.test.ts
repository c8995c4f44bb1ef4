import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { type LiveItem, LiveJournal, type LiveReader } from '../../src/telemetry/live-journal.ts';
import { call, callEnded } from './kit.ts';

const retry: Event = { kind: 'retry', attempt: 1, upstream: 'openai', reason: 'overloaded', waitMs: 10, source: 'computed' };
const nothing = () => {};

function all(reader: LiveReader): LiveItem[] {
  const items: LiveItem[] = [];
  for (let item = reader.take(); item; item = reader.take()) items.push(item);
  return items;
}

const shown = (items: LiveItem[]) => items.map((item) => ('json' in item ? JSON.parse(item.json) : item));
const idsOf = (items: LiveItem[]) => items.map((item) => ('id' in item ? item.id : 'missed'));

describe('a reader', () => {
  test('gets what happens from then on, with the call that it is about', () => {
    const journal = new LiveJournal(new ManualClock());
    journal.on(retry, call());
    const reader = journal.read({}, undefined, nothing);
    expect(reader.take()).toBeUndefined();
    journal.on(retry, call({ session: 's1' }));
    const [event] = shown(all(reader));
    expect(event).toMatchObject({ kind: 'retry', upstream: 'openai', reason: 'overloaded', waitMs: 10 });
    expect(event.call).toEqual({ id: 'call-1', agent: 'planner', session: 's1', route: '/openai', upstream: 'openai', method: 'POST' });
    expect(event.time).toBe('2023-11-14T22:13:20.000Z');
  });

  test('is woken once for all that happens in a turn', async () => {
    const journal = new LiveJournal(new ManualClock());
    let woken = 0;
    const reader = journal.read({}, undefined, () => {
      woken += 1;
    });
    for (let index = 0; index < 5; index += 1) journal.on(retry, call());
    await new Promise(setImmediate);
    expect([woken, all(reader).length]).toEqual([1, 5]);
  });

  test('chooses by agent, by upstream and by kind', () => {
    const journal = new LiveJournal(new ManualClock());
    const one = journal.read({ agents: new Set(['coder']) }, undefined, nothing);
    const two = journal.read({ upstreams: new Set(['spare']), kinds: new Set(['fallback', 'retry']) }, undefined, nothing);
    journal.on(retry, call());
    journal.on({ kind: 'fallback', attempt: 1, from: 'openai', to: 'spare', reason: 'timeout' }, call());
    journal.on({ kind: 'agent-paused', attempt: 0, agent: 'coder', reason: 'x' }, undefined);
    journal.on(callEnded('ok'), call({ agent: { name: 'coder', source: 'header' }, upstream: 'spare' }));
    expect(shown(all(one)).map(({ kind }) => kind)).toEqual(['agent-paused', 'call-ended']);
    expect(shown(all(two)).map(({ kind }) => kind)).toEqual(['fallback']);
  });

  test('that is too slow misses the oldest, is told how many, and holds up nobody', () => {
    const journal = new LiveJournal(new ManualClock());
    const slow = journal.read({}, undefined, nothing);
    for (let index = 0; index < 2500; index += 1) journal.on(retry, call());
    const fast = journal.read({}, undefined, nothing);
    journal.on(retry, call());
    expect(all(fast)).toHaveLength(1);
    const items = all(slow);
    expect(items[0]).toEqual({ missed: 501 });
    expect(items).toHaveLength(2001);
    expect(journal.state).toEqual({ clients: 2, dropped: 501 });
  });

  test('that comes back goes on behind the last that it has read', () => {
    const journal = new LiveJournal(new ManualClock());
    const reader = journal.read({}, undefined, nothing);
    for (let index = 0; index < 3; index += 1) journal.on(retry, call());
    const ids = idsOf(all(reader));
    reader.close();
    journal.on(retry, call());
    const again = idsOf(all(journal.read({}, ids[1], nothing)));
    expect(again).toHaveLength(2);
    expect(again[0]).toBe(ids[2]);
  });

  test.each(['of-another-run', 'nothing', 'x-99', '-1'])(
    'that comes back with %j is told that it missed something, then all there is',
    (id) => {
      const journal = new LiveJournal(new ManualClock());
      const reader = journal.read({}, undefined, nothing);
      journal.on(retry, call());
      reader.close();
      const items = all(journal.read({}, id, nothing));
      expect(items[0]).toEqual({ missed: undefined });
      expect(items).toHaveLength(2);
    },
  );
});

test('nothing is kept while nobody reads, nor a minute after the last reader has gone', async () => {
  const clock = new ManualClock();
  const journal = new LiveJournal(clock);
  const read = {
    get kind(): 'bug' {
      throw new Error('looked at');
    },
    attempt: 0,
    error: undefined,
  } as Event;
  expect(() => journal.on(read, undefined)).not.toThrow();
  const reader = journal.read({}, undefined, nothing);
  journal.on(retry, call());
  const [id] = idsOf(all(reader));
  reader.close();
  await clock.advance(61_000);
  journal.on(read, undefined);
  expect(() => journal.on(read, undefined)).not.toThrow();
  expect(all(journal.read({}, id, nothing))).toEqual([{ missed: undefined }]);
});

describe('an event', () => {
  test.each<[string, Event]>([
    ['a note to the model', { kind: 'agent-resumed', attempt: 0, agent: 'a', note: 'canary' }],
    ['an error', { kind: 'bug', attempt: 0, error: new Error('canary') }],
    ['a key in a reason', { kind: 'agent-paused', attempt: 0, agent: 'a', reason: 'it said Bearer canary' }],
    ['a key in the name of a model', { kind: 'attempt-started', attempt: 1, upstream: 'openai', model: 'sk-canary0123456789' }],
    [
      'a key in the name of a tool',
      { kind: 'loop-detected', attempt: 0, loop: 'repeat', action: 'warn', count: 3, tool: 'sk-canary012345' },
    ],
    [
      'what a policy would have told',
      { kind: 'would', attempt: 0, event: { kind: 'agent-resumed', attempt: 0, agent: 'a', note: 'canary' } },
    ],
    ['a field that nobody has judged', { ...retry, body: 'canary' } as Event],
  ])('shows nothing of %s', (_, event) => {
    const journal = new LiveJournal(new ManualClock());
    const reader = journal.read({}, undefined, nothing);
    const agent = { name: 'x', source: 'header', principal: 'canary', client: 'canary' } as const;
    journal.on(event, call({ agent, session: 'sk-canary0123456' }));
    const [item] = all(reader);
    expect(JSON.stringify(item)).toContain(event.kind);
    expect(JSON.stringify(item)).not.toContain('canary');
  });
});
