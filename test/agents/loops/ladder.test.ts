import { describe, expect, test } from 'vitest';
import { judgeCaps } from '../../../src/agents/loops/caps.ts';
import type { Finding } from '../../../src/agents/loops/judge-rounds.ts';
import { climb, type Told } from '../../../src/agents/loops/ladder.ts';
import { createSession } from '../../../src/agents/loops/session.ts';
import { Storms } from '../../../src/agents/storms.ts';

const finding = (count: number, level: 'warn' | 'act', fingerprint = 'a'): Finding => ({
  ...{ kind: 'repeat', tools: 'shell', first: 0, last: count - 1, polling: false },
  ...{ count, level, fingerprint },
});

describe('the ladder', () => {
  test('takes each step once for a loop, and again when it has doubled', () => {
    const told: Told = new Map();
    const counts = [3, 4, 5, 6, 7, 8, 12];
    expect(counts.map((count) => climb(finding(count, count < 4 ? 'warn' : 'act'), 'nudge', told))).toEqual([
      ...['warn', 'nudge', undefined, undefined, undefined, 'nudge', undefined],
    ]);
  });

  test('pauses whenever it comes to a pause', () => {
    const told: Told = new Map();
    expect([4, 4, 5].map((count) => climb(finding(count, 'act'), 'pause', told))).toEqual(['pause', 'pause', 'pause']);
  });

  test('remembers a bounded number of loops', () => {
    const told: Told = new Map();
    for (let at = 0; at < 100; at += 1) climb(finding(3, 'warn', String(at)), 'warn', told);
    expect(told.size).toBe(32);
  });
});

describe('a cap', () => {
  const session = { ...createSession(0), rounds: 8, tokens: 999, costUsd: 0.5 };

  test('is told at 80 % and acted on when it is reached, each by itself', () => {
    expect(judgeCaps({ rounds: 10, tokens: 1000, costUsd: 0.5, wallTime: 60_000 }, session, 60_000)).toMatchObject([
      { tools: 'rounds', count: 8, level: 'warn' },
      { tools: 'tokens', count: 999, level: 'warn' },
      { tools: 'US dollars', count: 0.5, level: 'act' },
      { tools: 'seconds', count: 60, level: 'act' },
    ]);
  });

  test('that is far off, or not set, is nothing', () => {
    expect(judgeCaps({ rounds: 11 }, session, 1e9)).toEqual([]);
    expect(judgeCaps({}, session, 1e9)).toEqual([]);
  });
});

describe('a storm', () => {
  const send = (storms: Storms, nowMs: number, sum = 1, retried = false) => {
    const sent = storms.sent('x', () => sum, retried, nowMs);
    const count = sent.times.length;
    sent.answered = true;
    return count;
  };

  test('counts what is sent again after an answer, within a minute', () => {
    const storms = new Storms(10);
    expect([0, 1, 2, 3].map((at) => send(storms, at * 1000))).toEqual([1, 2, 3, 4]);
    expect(send(storms, 61_500)).toBe(3);
    expect(send(storms, 200_000)).toBe(1);
  });

  test('leaves out another body of that name, and what the client says it tries again', () => {
    const storms = new Storms(10);
    expect([1, 1, 2, 2].map((sum, at) => send(storms, at, sum))).toEqual([1, 2, 1, 2]);
    expect(send(storms, 10, 2, true)).toBe(2);
  });

  test('leaves out what had no good answer', () => {
    const storms = new Storms(10);
    for (let at = 0; at < 9; at += 1) expect(storms.sent('x', () => 1, false, at).times).toHaveLength(1);
  });
});
