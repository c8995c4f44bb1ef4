import { expect, it } from 'vitest';
import { stack } from '../../src/core/policy.ts';
import { circuitBreakerSettings, createCircuitBreaker } from '../../src/policies/circuit-breaker.ts';
import { createRetry, retrySettings } from '../../src/policies/retry.ts';
import { bad } from './fallback-kit.ts';
import { context, exchange, script } from './kit.ts';

/** A call that is retried after 10 s at an upstream whose circuit opens at its first failure. */
function retried({ cooldown, breaks = true, model }: { cooldown: string; breaks?: boolean; model?: string }) {
  const given = context();
  const settings = circuitBreakerSettings.parse({ failures: 1, cooldown, per: model === undefined ? 'upstream' : 'model' });
  const breaker = createCircuitBreaker(settings, 'main', given, model === undefined ? [] : [model]);
  const retry = createRetry(retrySettings.parse({ backoff: { strategy: 'fixed', base: '10s', jitter: 'none' } }), given, { breaks });
  const inner = script(bad('overloaded'), bad('ok'));
  const call = exchange({ target: { upstream: 'main', ...(model !== undefined && { model }) } });
  return { clock: given.clock, call, inner, outcome: stack([retry, breaker], inner)(call) };
}

it.each([undefined, 'large'])(
  'a retry is given up at once where the circuit is open for longer than its wait (model: %s)',
  async (model) => {
    const { call, inner, outcome } = retried({ cooldown: '30s', ...(model !== undefined && { model }) });
    expect(await outcome).toMatchObject({ kind: 'reply', verdict: 'overloaded' });
    expect(inner.calls).toHaveLength(1);
    expect(call.noted('retry')).toEqual([]);
    expect(call.noted('retry-given-up')).toMatchObject([{ reason: 'overloaded', why: 'refused' }]);
  },
);

it('a retry is made as a probe where the circuit lets one pass by then', async () => {
  const { clock, inner, outcome } = retried({ cooldown: '5s' });
  await clock.advance(10_000);
  expect(await outcome).toMatchObject({ kind: 'reply', verdict: 'ok' });
  expect(inner.calls).toHaveLength(2);
});

it('a retry does not heed a circuit that its policy set does not name', async () => {
  const { clock, call, outcome } = retried({ cooldown: '30s', breaks: false });
  await clock.advance(10_000);
  await outcome;
  expect(call.noted('retry')).toHaveLength(1);
});
