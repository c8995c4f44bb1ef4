import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ThreadOrigin, Threads } from '../../src/agents/threads.ts';
import type { Conversation, Turn } from '../../src/core/conversation.ts';
import { conversation, round, rules, says, user } from './kit.ts';

const origin = (more: Partial<ThreadOrigin> = {}): ThreadOrigin => ({
  principal: 'p',
  session: undefined,
  clientSession: undefined,
  ...more,
});
const follower = (threads = new Threads(100)) => {
  return (turns: readonly Turn[], more: Partial<ThreadOrigin> = {}, also: Partial<Conversation> = {}) =>
    threads.follow(origin(more), conversation(turns, also), rules(), 0);
};
const steps = (count: number, prefix = 'call_x') =>
  Array.from({ length: count }, (_, at) => round(`${prefix}${at}a`, `do ${at}`, `did ${at}`)).flat();
const first = user('Do it.');

test('a growing history adds its new rounds alone, and the same body again adds nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 8 }), (growth) => {
      const follow = follower();
      let known = 0;
      for (const more of growth) {
        known += more;
        const turns = [first, ...steps(known)];
        expect(follow(turns)).toMatchObject({ added: more, count: known });
        expect(follow(turns)).toMatchObject({ added: 0, count: known });
      }
    }),
  );
});

test('two principals never share, whatever ids and prompts they have in common', () => {
  const ids = fc.constantFrom(undefined, 's1');
  fc.assert(
    fc.property(ids, ids, fc.integer({ min: 1, max: 6 }), (session, clientSession, count) => {
      const follow = follower();
      const turns = [first, ...steps(count)];
      const mine = follow(turns, { principal: 'a', session, clientSession });
      const other = follow(turns, { principal: 'b', session, clientSession });
      expect([mine.known, other.known, other.added]).toEqual([false, false, count]);
      expect(other.session).not.toBe(mine.session);
    }),
  );
});

test('our own header is a hard border, and a client’s id is none', () => {
  const follow = follower();
  follow([first, ...steps(2)], { session: 'one', clientSession: 'x' });
  expect(follow([first, ...steps(3)], { session: 'two', clientSession: 'x' })).toMatchObject({ known: false, added: 3 });
  expect(follow([first, ...steps(3)], { session: 'one', clientSession: 'other' })).toMatchObject({ known: true, added: 1 });
});

test('a fork goes on from where it left, both ways', () => {
  const follow = follower();
  const base = [first, ...steps(3)];
  follow(base);
  const one = follow([...base, ...round('call_one', 'left', 'l')]);
  const two = follow([...base, ...round('call_two', 'right', 'r')]);
  expect([one.added, two.added, two.count]).toEqual([1, 1, 4]);
  expect(two.rounds.map(({ action }) => action)).not.toContain(one.rounds.at(-1)?.action);
  expect(two.session).toBe(one.session);
});

test('a history that shrinks but keeps calls with ids goes on with its rounds', () => {
  const follow = follower();
  const all = steps(8);
  follow([first, ...all]);
  const shrunk = [user('A summary of what was before.'), ...all.slice(-4), ...round('call_new', 'next', 'n')];
  expect(follow(shrunk)).toMatchObject({ known: true, added: 1, count: 9 });
});

test('a history that is replaced by a summary goes on by the client’s session', () => {
  const follow = follower();
  follow([first, ...steps(8)], { clientSession: 'x' });
  const after = [user('A short history.'), ...round('call_new', 'next', 'n')];
  expect(follow(after, { clientSession: 'x' })).toMatchObject({ known: true, added: 1, count: 9 });
  const beside = [user('A summary.'), ...round('call_beside', 'next', 'n')];
  expect(follow(beside, { clientSession: 'x' }, { instructions: 'another agent beside it' })).toMatchObject({ known: false });
});

test.each(['call_', 'functions.shell:', 'mcp2_shell:', ''])('ids that count from %j tie no two conversations together', (prefix) => {
  const follow = follower();
  // Both begin by the same calls, with the same results.
  const run = (task: string) => follow([user(task), ...[0, 1].flatMap((at) => round(`${prefix}${at}`, `do ${at}`, `did ${at}`))]);
  run('Do this.');
  expect(run('Do that.')).toMatchObject({ known: false, added: 2 });
});

test('an id that a server gives again with another call is another call', () => {
  const follow = follower();
  follow([user('Do this.'), ...round('call_9f8a7b6c', 'this', 'x')]);
  expect(follow([user('Do that.'), ...round('call_9f8a7b6c', 'that', 'x')])).toMatchObject({ known: false });
});

test('equal runs beside each other are as one, and count nothing twice', () => {
  const follow = follower();
  for (let count = 1; count <= 3; count += 1) {
    expect(follow([first, ...steps(count)]).added).toBe(1);
    expect(follow([first, ...steps(count)]).added).toBe(0);
  }
});

test('a long history that is seen for the first time is read whole, and 64 rounds of it are kept', () => {
  const { count, rounds, added, known } = follower()([first, ...steps(200)]);
  expect([count, rounds.length, added, known, rounds.at(-1)?.index]).toEqual([200, 64, 200, false, 199]);
});

test('new words of the user clear the rounds, and the same words again do not', () => {
  const follow = follower();
  const turns = [first, ...steps(3), user('Go on.')];
  expect(follow(turns).rounds).toEqual([]);
  expect(follow([...turns, ...round('call_1a', 'x', 'y'), user('Go on.')]).rounds).toHaveLength(1);
});

test('calls whose results are not there yet are read with them', () => {
  const follow = follower();
  const [call, result] = round('call_late', 'x', 'y') as [Turn, Turn];
  expect(follow([first, call]).added).toBe(0);
  expect(follow([first, call, result]).added).toBe(1);
});

describe('a conversation that the provider keeps', () => {
  test('goes on from the answer that a request names', () => {
    const threads = new Threads(10);
    const follow = follower(threads);
    let followed = follow([first]);
    for (let at = 0; at < 3; at += 1) {
      threads.answered(origin(), [`r${at}`], followed, says('', { id: `call_${at}x`, tool: 'shell', arguments: '{}' }));
      const result = { kind: 'result', call: `call_${at}x`, text: 'nothing', error: false } as const;
      followed = follow([result], {}, { continues: `r${at}` });
      expect(followed).toMatchObject({ added: 1, count: at + 1 });
      expect(follow([result], {}, { continues: `r${at}` })).toMatchObject({ added: 0, count: at + 1 });
    }
    expect(new Set(followed.rounds.map(({ action, result }) => action + result)).size).toBe(1);
  });

  test('is not taken for another one that begins with the same words', () => {
    const threads = new Threads(10);
    const follow = follower(threads);
    threads.answered(origin(), ['r1'], follow([first, ...steps(5)]), says('fine'));
    follow([user('Go on.')], {}, { continues: 'r1' });
    expect(follow([user('Go on.')])).toMatchObject({ known: false });
    expect(follow([user('Go on.')], { principal: 'other' }, { continues: 'r1' })).toMatchObject({ known: false });
  });
});

test('what is kept is bounded: of many conversations the last are known', () => {
  const follow = follower(new Threads(10));
  for (let at = 0; at < 100; at += 1) follow([user(`Do ${at}.`), ...steps(1, `call_${at}y`)]);
  expect(follow([user('Do 99.'), ...steps(1, 'call_99y')]).known).toBe(true);
  expect(follow([user('Do 0.'), ...steps(1, 'call_0y')]).known).toBe(false);
});
