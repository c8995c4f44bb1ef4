import { expect, test } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import type { Usage } from '../../src/core/usage.ts';
import { Accounts } from '../../src/telemetry/accounts.ts';
import { call, callEnded } from './kit.ts';

const million = 1_000_000;
const usage: Usage = { input: million, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
const answered = (model: string, more: Partial<Extract<Event, { kind: 'tunnel-answered' }>> = {}): Event => ({
  kind: 'tunnel-answered',
  attempt: 1,
  upstream: 'openai',
  model,
  verdict: 'ok',
  complete: true,
  usage,
  ...more,
});

test('a call has spent what all answers in its tunnel have, and holds no more than the sums of 32 models', () => {
  const accounts = new Accounts([{ models: ['gpt-*'], input: 1, output: 10 }]);
  const about = call();
  for (let i = 0; i < 100; i += 1) accounts.on(answered(`gpt-${i % 50}`), about);
  accounts.on(answered('unheard-of'), about);
  accounts.on(answered('gpt-1', { usage: undefined, verdict: 'server-error' }), about);
  expect(about.account?.paid).toHaveLength(32);
  const last = callEnded('ok');
  accounts.on(last, about);
  expect(last).toMatchObject({ spent: { usage: { input: 101 * million }, costUsd: 100, wasted: [] } });
});

test('an answer in a tunnel is told with its cost', () => {
  const event = answered('gpt-5');
  new Accounts([{ models: ['gpt-5'], input: 2, output: 0 }]).on(event, call());
  expect(event).toMatchObject({ costUsd: 2 });
});
