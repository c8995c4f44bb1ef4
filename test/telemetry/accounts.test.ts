import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import type { CallInfo } from '../../src/core/journal.ts';
import { type CallSpent, tokensIn, type Usage } from '../../src/core/usage.ts';
import { Accounts } from '../../src/telemetry/accounts.ts';
import { answered, attemptEnded, call, callEnded, metricsFor, total } from './kit.ts';

const million = 1_000_000;
const none: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
const prices = [{ models: ['gpt-5'], input: 1, output: 10 }];
const tokens = (input: number, output: number): Usage => ({ ...none, input, output });

const ended = (attempt: number, usage: Usage, more: object = {}) => attemptEnded('openai', { attempt, model: 'gpt-5', usage, ...more });
const retry = (attempt: number): Event => ({
  kind: 'retry',
  attempt,
  upstream: 'openai',
  reason: 'overloaded',
  waitMs: 1,
  source: 'computed',
});
const fallback = (attempt: number): Event => ({ kind: 'fallback', attempt, from: 'openai', to: 'spare', reason: 'overloaded' });

/** What a call has spent by these events, the last of which ends it. */
function spent(...events: Event[]): CallSpent | undefined {
  const accounts = new Accounts(prices);
  const about = call();
  for (const event of events) accounts.on(event, about);
  const last = events.at(-1);
  expect(about.account).toBeUndefined();
  return last?.kind === 'call-ended' ? last.spent : undefined;
}

const wasted = (...events: Event[]) => spent(...events)?.wasted.map(({ attempt, why, tokens }) => [attempt, why, tokens]);

describe('an attempt', () => {
  test('is told with its cost', () => {
    const event = ended(1, tokens(million, million));
    new Accounts(prices).on(event, call());
    expect(event).toMatchObject({ costUsd: 11 });
  });

  test('of a model without a price has no cost, which is not 0', () => {
    const event = ended(1, tokens(1, 1), { model: 'unheard-of' });
    expect(spent(event, callEnded('ok'))).toMatchObject({ unpriced: 1, wasted: [] });
    expect(event).toHaveProperty('costUsd', undefined);
  });

  test('costs what the prices in force say', () => {
    const accounts = new Accounts(prices);
    accounts.configure([{ models: ['gpt-5'], input: 5, output: 0 }]);
    const event = ended(1, tokens(million, 0));
    accounts.on(event, call());
    expect(event).toMatchObject({ costUsd: 5 });
  });
});

describe('a call', () => {
  test('has spent what all of its attempts have', () => {
    const sum = spent(ended(1, tokens(1, 2)), retry(1), ended(2, tokens(10, 20), { estimated: tokens(0, 7) }), callEnded('retried'));
    expect(sum).toMatchObject({ usage: tokens(11, 22), estimated: tokens(0, 7), unpriced: 0 });
    expect(sum?.costUsd).toBeCloseTo((11 + 290) / million, 12);
  });

  test('without a token has spent nothing', () => {
    expect(spent(attemptEnded('openai'), callEnded('ok'))).toBeUndefined();
  });

  test('that was answered well at once has wasted nothing', () => {
    expect(wasted(ended(1, tokens(1, 2)), callEnded('ok'))).toEqual([]);
  });

  test('wastes the answers that an agent has asked for while it went in circles', () => {
    const inLoop: Event = { kind: 'in-loop', attempt: 0 };
    expect(wasted(inLoop, ended(1, tokens(1, 2)), callEnded('ok'))).toEqual([[1, 'loop', 3]]);
    expect(wasted(inLoop, ended(1, tokens(1, 2)), retry(1), ended(2, tokens(4, 8)), callEnded('retried'))).toEqual([
      [1, 'retry', 3],
      [2, 'loop', 12],
    ]);
  });

  test('wastes the answers that were asked for again, also where they end late', () => {
    expect(wasted(ended(1, tokens(1, 2)), retry(1), ended(2, tokens(4, 8)), callEnded('retried'))).toEqual([[1, 'retry', 3]]);
    expect(wasted(retry(1), ended(2, tokens(4, 8)), ended(1, tokens(1, 2)), callEnded('retried'))).toEqual([[1, 'retry', 3]]);
  });

  test('wastes the answers that another target has taken the place of', () => {
    const moved = [ended(1, tokens(1, 2)), retry(1), ended(2, tokens(4, 8)), fallback(2), ended(3, tokens(16, 32))];
    expect(wasted(...moved, callEnded('fell-back'))).toEqual([
      [1, 'retry', 3],
      [2, 'fallback', 12],
    ]);
  });

  test.each(['cached', 'degraded'] as const)('that was %s in the end wastes its last answer too', (outcome) => {
    expect(wasted(ended(1, tokens(1, 2)), callEnded(outcome))).toEqual([[1, 'fallback', 3]]);
  });

  test('wastes what its agent did not wait for', () => {
    const left = ended(1, tokens(1, 0), { estimated: tokens(0, 5), complete: false, verdict: 'cancelled' });
    expect(wasted(left, callEnded('cancelled'))).toEqual([[1, 'aborted', 6]]);
  });

  test('wastes an answer that broke off, on its way to the agent or before', () => {
    expect(wasted(ended(1, tokens(1, 2), { complete: false, verdict: 'network' }), callEnded('upstream-error'))).toEqual([
      [1, 'broken', 3],
    ]);
    const failed = answered('openai', { verdict: 'network', status: undefined, model: 'gpt-5', estimated: tokens(1, 2) });
    expect(wasted(failed, callEnded('upstream-error'))).toEqual([[1, 'broken', 3]]);
  });
});

test('what is wasted is a part of what is spent, and every kind of token is counted once', () => {
  const count = fc.nat({ max: 10_000 });
  const usage: fc.Arbitrary<Usage> = fc.record({ input: count, output: count, cacheRead: count, cacheWrite: count, reasoning: count });
  const attempt = fc.record({
    usage: fc.option(usage, { nil: undefined }),
    estimated: fc.option(usage, { nil: undefined }),
    complete: fc.boolean(),
    next: fc.constantFrom('retry', 'fallback'),
    model: fc.constantFrom('gpt-5', 'unheard-of', undefined),
  });
  const outcome = fc.constantFrom('ok' as const, 'cancelled' as const, 'degraded' as const, 'upstream-error' as const);
  return fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 5 }), outcome, async (attempts, how) => {
      const events = attempts.flatMap(({ next, ...facts }, i): Event[] => [
        attemptEnded('openai', { ...facts, attempt: i + 1 }),
        ...(i < attempts.length - 1 ? [next === 'retry' ? retry(i + 1) : fallback(i + 1)] : []),
      ]);
      const metrics = metricsFor();
      const accounts = new Accounts(prices);
      const about: CallInfo = call();
      const last = callEnded(how);
      for (const event of [...events, last]) for (const subscriber of [accounts, metrics.subscriber]) subscriber.on(event, about);

      const all = attempts.flatMap(({ usage, estimated }) => [usage, estimated]).reduce((sum, one) => sum + (one ? tokensIn(one) : 0), 0);
      const spent = last.kind === 'call-ended' ? last.spent : undefined;
      const inVain = spent?.wasted.reduce((sum, { tokens }) => sum + tokens, 0) ?? 0;
      expect((spent?.usage ? tokensIn(spent.usage) : 0) + (spent?.estimated ? tokensIn(spent.estimated) : 0)).toBe(all);
      expect(inVain).toBeLessThanOrEqual(all);
      const text = await metrics.text();
      expect(total(text, 'outrigger_llm_tokens_total') + total(text, 'outrigger_llm_estimated_tokens_total')).toBe(all);
      expect(total(text, 'outrigger_agent_tokens_total')).toBe(all);
      expect(total(text, 'outrigger_llm_wasted_tokens_total')).toBe(inVain);
      expect(total(text, 'outrigger_llm_cost_usd_total')).toBeCloseTo(spent?.costUsd ?? 0, 9);
      expect(total(text, 'outrigger_llm_wasted_cost_usd_total')).toBeLessThanOrEqual((spent?.costUsd ?? 0) + 1e-12);
      expect(total(text, 'outrigger_llm_unpriced_requests_total')).toBe(spent?.unpriced ?? 0);
    }),
    { numRuns: 40 },
  );
});
