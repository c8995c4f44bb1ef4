import { describe, expect, it } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { ask, type Entries, fallback, spares } from './fallback-kit.ts';
import { dialect, hanging, openTunnel } from './kit.ts';

/** What a walk along the entries tells of its end, when their targets answer so. */
async function exhausted(entries: Entries, ...answers: Parameters<typeof fallback>[1]) {
  const call = ask();
  await fallback(entries, answers).run(call);
  return call.noted('fallback-exhausted');
}

describe('a fallback tells that its targets are exhausted', () => {
  it('once, with the verdict of the first, when none of them has answered', async () => {
    const told = await exhausted(spares, 'overloaded', 'rate-limited', 'server-error');
    expect(told).toEqual([{ kind: 'fallback-exhausted', attempt: 0, upstream: 'main', reason: 'overloaded' }]);
  });

  it.each<Verdict>(['auth', 'client-error', 'overloaded', 'timeout'])('when the last one has answered %s', async (verdict) => {
    expect(await exhausted([{ upstream: 'spare' }], 'overloaded', verdict)).toHaveLength(1);
  });

  it('when the last one has refused', async () => {
    expect(await exhausted([{ upstream: 'spare' }], 'overloaded', failure('bulkhead_full', 'not now'))).toHaveLength(1);
  });

  it('when all of them were skipped', async () => {
    const call = ask();
    const { run, asked } = fallback(spares, [failure('circuit_open', 'not now')], { dialectOf: () => ({ ...dialect, name: 'anthropic' }) });
    await run(call);
    expect(asked()).toEqual(['main']);
    expect(call.noted('fallback-exhausted').map(({ reason }) => reason)).toEqual(['refused']);
  });

  it('when the rest are not for the verdict of the one before', async () => {
    const entries: Entries = [{ upstream: 'spare' }, { upstream: 'long', on: ['context-length'] }];
    expect(await exhausted(entries, 'overloaded', 'overloaded')).toHaveLength(1);
  });
});

describe('a fallback does not tell that its targets are exhausted', () => {
  it.each<[string, ...Parameters<typeof exhausted>]>([
    ['when the first one answers', spares, 'ok'],
    ['when another one answers', spares, 'overloaded', 'ok'],
    ['when another one opens a tunnel', spares, 'overloaded', openTunnel().tunnel],
    ['when another one answers, if not as it was wished', spares, 'overloaded', 'content-filter'],
    ['when the call does not lead to any', spares, 'client-error'],
    ['when none is for the verdict', [{ upstream: 'spare', on: ['timeout'] }], 'overloaded'],
    ['when there is none', [], 'overloaded'],
    ['when they are only observed', [{ upstream: 'spare', observe: true }], 'overloaded'],
    ['when the call was paused on its way', spares, 'overloaded', failure('agent_paused', 'paused')],
  ])('%s', async (_, ...given) => {
    expect(await exhausted(...given)).toEqual([]);
  });

  it('when the call was given up before they were', async () => {
    const call = ask();
    const answer = fallback(spares, ['overloaded', hanging]).run(call);
    call.hangUp();
    await answer;
    expect(call.noted('fallback-exhausted')).toEqual([]);
  });
});
