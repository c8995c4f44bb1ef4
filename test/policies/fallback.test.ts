import { describe, expect, it } from 'vitest';
import { withChanges } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import { stack } from '../../src/core/policy.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { fallbackSettings } from '../../src/policies/fallback.ts';
import { ask, bad, fallback, spares, told } from './fallback-kit.ts';
import { exchange, hanging, openReply, openTunnel, post, textOf } from './kit.ts';

const refusal = (code: 'circuit_open' | 'bulkhead_full' | 'agent_paused' | 'draining') => failure(code, 'not now');
const unreachable = () => failure('upstream_unreachable', 'refused');
const lost = () => failure('upstream_timeout', 'no answer', { sent: 'maybe' });

describe('fallback moves', () => {
  it('on to the targets in their order, until one answers', async () => {
    const call = ask();
    const { run, asked } = fallback(spares, ['overloaded', 'rate-limited', 'ok']);

    expect(await run(call)).toMatchObject({ verdict: 'ok' });
    expect(asked()).toEqual(['main', 'spare', 'last/small']);
    expect(call.noted('fallback').map(({ from, to, reason }) => [from, to, reason])).toEqual([
      ['main', 'spare', 'overloaded'],
      ['spare', 'last/small', 'rate-limited'],
    ]);
  });

  it('nowhere where the first target answers', async () => {
    const call = ask();
    const { run, asked } = fallback(spares, ['ok']);
    await run(call);

    expect(asked()).toEqual(['main']);
    expect(call.events).toEqual([]);
  });

  it.each<[Verdict, boolean]>([
    ['rate-limited', true],
    ['quota-exhausted', true],
    ['overloaded', true],
    ['server-error', true],
    ['network', true],
    ['timeout', true],
    ['model-unavailable', true],
    ['context-length', true],
    ['invalid-output', true],
    ['auth', false],
    ['client-error', false],
    ['content-filter', false],
    ['tool-error', false],
  ])('for %s unless told otherwise: %s', async (verdict, moves) => {
    const { run, asked } = fallback([{ upstream: 'spare' }], [verdict, 'ok']);
    await run(ask());

    expect(asked()).toEqual(moves ? ['main', 'spare'] : ['main']);
  });

  it('past an entry that is not for the verdict, to one that is', async () => {
    const { run, asked } = fallback(
      [
        { upstream: 'long', on: ['context-length'] },
        { upstream: 'spare', on: ['overloaded'] },
      ],
      ['overloaded', 'ok'],
    );
    await run(ask());

    expect(asked()).toEqual(['main', 'spare']);
  });

  it('on to an entry by the verdict of the target right before it', async () => {
    const entries = [{ upstream: 'spare' }, { upstream: 'long', on: ['context-length' as const] }];
    const [first, second] = [
      fallback(entries, ['overloaded', 'context-length', 'ok']),
      fallback(entries, ['context-length', 'overloaded']),
    ];
    await first.run(ask());
    await second.run(ask());

    expect(first.asked()).toEqual(['main', 'spare', 'long']);
    expect(second.asked()).toEqual(['main', 'spare']);
  });

  it.each(['circuit_open', 'bulkhead_full'] as const)(
    'on at once where a target refused by %s, whatever the entry is for',
    async (code) => {
      const call = ask();
      const { run, asked } = fallback([{ upstream: 'spare', on: [] }], [refusal(code), 'ok']);

      expect(await run(call)).toMatchObject({ verdict: 'ok' });
      expect(asked()).toEqual(['main', 'spare']);
      expect(call.noted('fallback')).toMatchObject([{ reason: 'refused' }]);
    },
  );

  it.each(['agent_paused', 'draining'] as const)('nowhere where the call itself was refused by %s', async (code) => {
    const { run, asked } = fallback(spares, [refusal(code)]);

    expect(told(await run(ask()))).toBe(code);
    expect(asked()).toEqual(['main']);
  });

  it('on past a target that does not take our key or our request, for the reason that led there', async () => {
    const call = ask();
    const { run, asked } = fallback(spares, ['overloaded', 'auth', 'ok']);

    expect(await run(call)).toMatchObject({ verdict: 'ok' });
    expect(asked()).toEqual(['main', 'spare', 'last/small']);
    expect(call.noted('fallback').map(({ reason }) => reason)).toEqual(['overloaded', 'overloaded']);
  });

  it('a handshake, and hands the tunnel up', async () => {
    const { tunnel } = openTunnel();
    const first = openReply({ verdict: 'overloaded' });
    const { run } = fallback(spares, [first.reply, tunnel]);

    expect(await run(exchange())).toBe(tunnel);
    expect(first.discarded).toBe(true);
  });

  it('nowhere when the agent has left', async () => {
    const call = ask();
    const { run, asked } = fallback(spares, [hanging]);
    const outcome = run(call);
    call.hangUp();

    expect(told(await outcome)).toBe('cancelled');
    expect(asked()).toEqual(['main']);
  });

  it('nowhere once the deadline has passed, and hands up the reply that there is', async () => {
    const call = ask();
    const { run, asked } = fallback(spares, ['overloaded', hanging, 'ok']);
    const outcome = run(call);
    await Promise.resolve();
    while (asked().length < 2) await Promise.resolve();
    call.abort({ verdict: 'timeout', code: 'deadline_exceeded', message: 'too long' });

    expect(told(await outcome)).toBe('overloaded');
    expect(asked()).toEqual(['main', 'spare']);
  });

  it('with the target and the request of the other model, and nothing else changed', async () => {
    const original = ask();
    const moved = post({ path: '/moved', headers: ['Content-Type', 'application/json', 'Idempotency-Key', 'k1'] });
    const call = ask({}, { dialect: { ...original.dialect, retarget: (before, { model }) => (model === 'small' ? moved : before) } });
    const { run, calls } = fallback(spares, ['overloaded', 'overloaded', 'ok']);
    await run(call);

    const [first, second, third] = calls;
    expect(second!.request).toBe(first!.request);
    expect(third!.request).toMatchObject({ path: '/moved', body: moved.body });
    expect(third!.request.headers, 'a key stands for the request as it was').toEqual(['Content-Type', 'application/json']);
    const { target: _, request: __, ...rest } = third!;
    const { target: ___, request: ____, ...before } = withChanges(first!, {});
    expect(rest).toEqual(before);
  });

  it('in observe mode not at all, and tells the first move that it would have made', async () => {
    const call = ask();
    const { run, asked } = fallback(
      spares.map((entry) => ({ ...entry, observe: true })),
      ['overloaded'],
    );

    expect(told(await run(call))).toBe('overloaded');
    expect(asked()).toEqual(['main']);
    expect(call.events).toEqual([
      { kind: 'would', attempt: 0, event: { kind: 'fallback', attempt: 0, from: 'main', to: 'spare', reason: 'overloaded' } },
    ]);
  });

  it('past an entry in observe mode as if it were not there', async () => {
    const call = ask();
    const { run, asked } = fallback([{ upstream: 'spare', observe: true }, { upstream: 'spare' }], ['overloaded', 'ok']);
    await run(call);

    expect(asked()).toEqual(['main', 'spare']);
    expect(call.noted('would')).toHaveLength(1);
    expect(call.noted('fallback')).toHaveLength(1);
  });
});

describe('where no target does better, fallback hands up', () => {
  it.each<[string, (Verdict | 'unreachable' | 'lost' | 'refused')[], string]>([
    ['the last reply of those that pass by themselves', ['rate-limited', 'overloaded', 'server-error'], 'server-error'],
    ['an earlier reply rather than a failure of ours', ['overloaded', 'unreachable', 'lost'], 'overloaded'],
    ['an earlier reply rather than a refusal', ['overloaded', 'refused', 'refused'], 'overloaded'],
    ['a reply of another target rather than a failure', ['unreachable', 'overloaded', 'lost'], 'overloaded'],
    ['what passes rather than what the agent did not ask for', ['overloaded', 'quota-exhausted', 'auth'], 'overloaded'],
    ['what passes elsewhere rather than what stays', ['quota-exhausted', 'overloaded', 'unreachable'], 'overloaded'],
    ['the agent’s own error rather than those of other targets', ['model-unavailable', 'auth', 'client-error'], 'model-unavailable'],
    ['its own failure rather than a foreign refusal of our key', ['unreachable', 'auth', 'unreachable'], 'upstream_unreachable'],
    ['the last failure where nobody replied', ['unreachable', 'unreachable', 'lost'], 'upstream_timeout'],
    ['a failure rather than a refusal', ['unreachable', 'refused', 'refused'], 'upstream_unreachable'],
    ['an answer that was not wished for rather than an error', ['overloaded', 'content-filter'], 'content-filter'],
  ])('%s', async (_, outcomes, best) => {
    const answers = outcomes.map((outcome) => {
      if (outcome === 'refused') return refusal('circuit_open');
      return outcome === 'unreachable' ? unreachable() : outcome === 'lost' ? lost() : outcome;
    });
    const { run, asked } = fallback(spares, answers);

    expect(told(await run(ask()))).toBe(best);
    expect(asked()).toHaveLength(outcomes.length);
  });

  it('the first refusal where all refuse, so that the agent waits for the target that it asked', async () => {
    const first = failure('circuit_open', 'open', { retryAfterMs: 3000 });

    expect(await fallback(spares, [first, refusal('bulkhead_full'), refusal('circuit_open')]).run(ask())).toBe(first);
  });

  it('the body of the reply that it kept', async () => {
    const outcome = await fallback(spares, ['overloaded', unreachable(), unreachable()]).run(ask());

    expect(outcome.kind === 'reply' && (await textOf(outcome))).toBe('overloaded');
  });

  it('and gives up every other reply, each as soon as there is a better one', async () => {
    const replies = (['overloaded', 'auth', 'server-error'] as const).map((verdict) => openReply({ verdict }));
    const { run } = fallback([...spares, { upstream: 'third' }], [...replies.map(({ reply }) => reply), hanging]);
    const call = ask();
    const outcome = run(call);
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();

    expect(replies.map(({ discarded }) => discarded)).toEqual([true, true, false]);
    call.abort({ verdict: 'timeout', code: 'deadline_exceeded', message: 'too long' });
    expect(await outcome).toBe(replies[2]!.reply);
    expect(replies[2]!.discarded).toBe(false);
  });

  it('a good answer rather than one that was not wished for', async () => {
    const { run } = fallback([{ upstream: 'spare', on: ['content-filter'] }], ['content-filter', 'ok']);

    expect(told(await run(ask()))).toBe('ok');
  });

  it('the doubt about an unsafe call that may have been processed, which no earlier 503 may deny', async () => {
    const call = exchange({ request: post() });
    const { run, asked } = fallback(spares, ['overloaded', lost()]);

    expect(told(await run(call))).toBe('upstream_timeout');
    expect(asked()).toEqual(['main', 'spare']);
    expect(call.noted('target-skipped')).toMatchObject([{ why: 'not safe to repeat' }]);
  });

  it('the pause of an agent that was paused meanwhile', async () => {
    const call = ask();
    const { run } = fallback(spares, ['overloaded', hanging]);
    const outcome = run(call);
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
    call.abort({ verdict: 'refused', code: 'agent_paused', message: 'by a person' });

    expect(told(await outcome)).toBe('agent_paused');
  });
});

describe('the settings of fallback', () => {
  it('take durations and shares, and have the defaults of retry and timeout for the rest', () => {
    const [entry] = fallbackSettings.parse([{ model: 'small', timeout: { firstByte: '5s' }, retry: { attempts: 1 } }]);

    expect(entry).toMatchObject({ timeout: { firstByte: 5000, connect: 5000 }, retry: { attempts: 1 }, observe: false });
    expect(entry!.on).toContain('context-length');
  });

  it.each([
    ['neither upstream nor model', [{ on: ['overloaded'] }]],
    ['a verdict that is none', [{ upstream: 'a', on: ['busy'] }]],
    ['our own refusals, which always lead on', [{ upstream: 'a', on: ['refused'] }]],
    ['a budget of its own, as an upstream has one', [{ upstream: 'a', retry: { budget: { ratio: '1%' } } }]],
    ['a key that nobody knows', [{ upstream: 'a', weight: 3 }]],
    ['a mapping instead of a list', { upstream: 'a' }],
    ['more targets than anybody waits for', Array.from({ length: 11 }, () => ({ upstream: 'a' }))],
  ])('reject %s', (_, written) => {
    expect(fallbackSettings.safeParse(written).success).toBe(false);
  });
});

it('counts as attempts what it is told of them, in the order of the stack', async () => {
  const call = ask();
  const { policy } = fallback(spares, ['overloaded', 'ok']);
  call.opened.attempts = 3;
  await stack([policy], () => Promise.resolve(bad('overloaded')))(call);

  expect(call.noted('fallback')[0]).toMatchObject({ attempt: 3 });
});
