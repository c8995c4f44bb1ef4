import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Target } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import type { Failure } from '../../src/core/outcome.ts';
import { type Verdict, verdicts } from '../../src/core/verdict.ts';
import { circuitsOf } from '../../src/policies/circuits.ts';
import { ask, type Entries, fallback } from './fallback-kit.ts';
import { context, type OpenReply, openReply } from './kit.ts';

const namable = verdicts.filter((verdict) => verdict !== 'ok' && verdict !== 'cancelled' && verdict !== 'refused');
const names = ['main', 'spare', 'other', 'third'] as const;
const asked = 'large';

const entry = fc.record({
  upstream: fc.constantFrom(...names),
  model: fc.constantFrom(asked, 'small'),
  on: fc.uniqueArray(fc.constantFrom(...namable), { minLength: 2, maxLength: namable.length }),
  observe: fc.boolean(),
});

type Answer = { kind: 'reply'; verdict: Verdict } | { kind: 'failure'; code: Failure['code'] };

const answer: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('reply' as const), verdict: fc.constantFrom('ok' as const, ...namable) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('failure' as const),
      code: fc.constantFrom(
        'circuit_open' as const,
        'bulkhead_full' as const,
        'upstream_unreachable' as const,
        'upstream_timeout' as const,
      ),
    }),
  },
);

/** Whether the targets are those of some of the acting entries, in their order. */
function inOrder(entries: readonly { upstream: string; model: string; observe: boolean }[], targets: readonly Target[]): boolean {
  const left = [...targets];
  for (const { upstream, model, observe } of entries)
    if (!observe && left[0]?.upstream === upstream && left[0].model === model) left.shift();
  return left.length === 0;
}

test('whatever targets answer: each is asked once and for a reason, one reply is handed up, and every other is given up', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 6 }),
      fc.array(answer, { minLength: 7, maxLength: 7 }),
      fc.subarray([...names]),
      async (entries, answers, open) => {
        const ctx = context();
        for (const upstream of open) circuitsOf(ctx, upstream).force('open');
        const replies: OpenReply[] = [];
        const outcomes = answers.map((each) => {
          if (each.kind === 'failure') return failure(each.code, 'not now');
          const reply = openReply({ verdict: each.verdict });
          replies.push(reply);
          return reply.reply;
        });
        const call = ask();
        const policy = fallback(entries satisfies Entries, outcomes, { ctx });
        const got = await policy.run(call);

        const seen = outcomes.slice(0, policy.calls.length);
        const targets = policy.calls.slice(1).map(({ target }) => target);
        // Each at most once, in the order of the entries, none that is shut or the one that the agent has asked.
        expect(new Set(policy.asked()).size).toBe(policy.calls.length);
        expect(targets.filter(({ upstream }) => open.includes(upstream as (typeof names)[number]))).toEqual([]);
        expect(targets).not.toContainEqual({ upstream: 'main', model: asked });
        expect(inOrder(entries, targets)).toBe(true);
        // Never after an answer.
        const verdictsSeen = seen.map(({ verdict }) => verdict);
        expect(verdictsSeen.slice(0, -1)).not.toContain('ok');
        // Each move is told, with a verdict that one of the targets before it came to.
        const moves = call.noted('fallback');
        expect(moves.map(({ to }) => to)).toEqual(targets.map(({ upstream, model }) => `${upstream}/${model}`));
        expect(moves.map(({ from }) => from)).toEqual(['main', ...moves.map(({ to }) => to)].slice(0, moves.length));
        for (const [index, { reason }] of moves.entries()) {
          expect(verdictsSeen.slice(0, index + 1)).toContain(reason);
          const fits = entries.some((each) => `${each.upstream}/${each.model}` === moves[index]!.to && each.on.includes(reason as never));
          expect(reason === 'refused' || fits).toBe(true);
        }
        // One of them is handed up: the good one if there is one, and no failure of ours where the home target replied.
        expect(seen).toContain(got);
        if (verdictsSeen.includes('ok')) expect(got).toMatchObject({ verdict: 'ok' });
        if (seen[0]!.kind === 'reply') expect(got.kind).toBe('reply');
        const opened = replies.slice(0, seen.filter(({ kind }) => kind === 'reply').length);
        expect(opened.filter(({ reply, discarded }) => discarded === (reply === got))).toEqual([]);
      },
    ),
    { numRuns: 500 },
  );
});

test('observed entries change nothing of what is sent and handed up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 6 }), fc.array(answer, { minLength: 7, maxLength: 7 }), async (entries, answers) => {
      const outcomes = answers.map((each) =>
        each.kind === 'failure' ? failure(each.code, 'not now') : openReply({ verdict: each.verdict }).reply,
      );
      const [all, acting] = [
        fallback(entries, outcomes),
        fallback(
          entries.filter(({ observe }) => !observe),
          outcomes,
        ),
      ];
      const [first, second] = [ask(), ask()];

      expect(await all.run(first)).toBe(await acting.run(second));
      expect(all.asked()).toEqual(acting.asked());
      expect(first.events.filter(({ kind }) => kind !== 'would')).toEqual(second.events);
    }),
    { numRuns: 300 },
  );
});
