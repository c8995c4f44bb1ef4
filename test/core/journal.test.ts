import { expect, test } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { type CallInfo, Journal } from '../../src/core/journal.ts';

const event: Event = { kind: 'call-started', attempt: 0 };
const call: CallInfo = {
  id: 'call-1',
  agent: { name: 'planner', source: 'default' },
  route: '/openai',
  upstream: 'openai',
  method: 'POST',
  startedAt: 0,
  ledger: () => '',
};

test('every subscriber hears every event at once, in the order of the list, with its call', () => {
  const heard: unknown[] = [];
  const journal = new Journal([
    { name: 'first', on: (...args) => heard.push(['first', ...args]) },
    { name: 'second', on: (...args) => heard.push(['second', ...args]) },
  ]);
  journal.publish(event, call);
  journal.publish(event);
  expect(heard).toEqual([
    ['first', event, call],
    ['second', event, call],
    ['first', event, undefined],
    ['second', event, undefined],
  ]);
});

test('a subscriber that throws harms neither the call nor the others, and is counted', () => {
  let heard = 0;
  const journal = new Journal([
    {
      name: 'broken',
      on: () => {
        throw new Error('bug');
      },
    },
    {
      name: 'whole',
      on: () => {
        heard += 1;
      },
    },
  ]);
  journal.publish(event, call);
  journal.publish(event, call);
  expect(heard).toBe(2);
  expect([...journal.errors()]).toEqual([['broken', 2]]);
});

test('a subscriber may publish an event of its own', () => {
  const heard: string[] = [];
  const journal: Journal = new Journal([
    {
      name: 'echo',
      on: ({ kind }) => {
        heard.push(kind);
        if (kind === 'call-started') journal.publish({ kind: 'bug', attempt: 0, error: undefined });
      },
    },
  ]);
  journal.publish(event);
  expect(heard).toEqual(['call-started', 'bug']);
});
