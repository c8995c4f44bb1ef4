import { expect, test } from 'vitest';
import { type RawUpstream, rawUpstream } from '../kit/raw-upstream.ts';
import { ask, counted, inTurn, ledgerOf, saying, sidecarTo, toldBy } from './kit.ts';

/** An upstream whose first answer stops in the middle of its body; it is well again when it is asked once more. */
function trickling(): Promise<RawUpstream> {
  const whole = saying('main again');
  return rawUpstream(inTurn(whole.slice(0, -10), whole));
}

test('an answer that trickles is given up after ten seconds: asked for again, or at the next target by a rate of its own', async () => {
  const [retried, moved, hurried, last] = [
    await trickling(),
    await trickling(),
    await trickling(),
    await rawUpstream(inTurn(saying('last'))),
  ];
  const timeout = { minimumRate: '1KB' };
  const again = await sidecarTo({ main: retried }, { timeout, retry: { attempts: 2, backoff: { base: '1ms' } } });
  const next = await sidecarTo({ main: moved, spare: last }, { timeout, fallback: [{ upstream: 'spare' }] });
  const down = { url: 'http://127.0.0.1:9' };
  const own = await sidecarTo({ main: down, spare: hurried, last }, { fallback: [{ upstream: 'spare', timeout }, { upstream: 'last' }] });

  const answers = await Promise.all([again, next, own].map((sidecar) => ask(sidecar)));
  expect(answers.map(toldBy)).toEqual([
    [200, 'main again'],
    [200, 'last'],
    [200, 'last'],
  ]);
  expect(answers.map(ledgerOf)).toEqual([
    'main/gpt-large;verdict=timeout;phase=total, main/gpt-large;verdict=ok',
    'main/gpt-large;verdict=timeout;phase=total, spare/gpt-large;verdict=ok',
    'main/gpt-large;verdict=network, spare/gpt-large;verdict=timeout;phase=total, last/gpt-large;verdict=ok',
  ]);
  for (const [sidecar, upstream] of [
    [again, 'main'],
    [next, 'main'],
    [own, 'spare'],
  ] as const) {
    expect((await counted(sidecar, 1))(`timeouts_total{upstream="${upstream}",phase="total"}`)).toBe(1);
  }
});
