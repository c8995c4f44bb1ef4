import { expect, test } from 'vitest';
import type { Exchange } from '../../src/core/exchange.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { circuitBreakerSettings, createCircuitBreaker } from '../../src/policies/circuit-breaker.ts';
import { circuitsOf } from '../../src/policies/circuits.ts';
import { context, exchange, request, script, type TestContext, wholeReply } from './kit.ts';

const settings = circuitBreakerSettings.parse({ failures: 2, cooldown: '10s', probes: 1, per: 'model' });
const models = ['large', 'small'];

async function call(ctx: TestContext, on: Exchange, verdict: Verdict): Promise<Outcome> {
  const outcome = await createCircuitBreaker(settings, 'main', ctx, models).run(on, script(wholeReply({ verdict })));
  await new Promise((resolve) => setImmediate(resolve));
  return outcome;
}

const to = (model: string) => exchange({ target: { upstream: 'main', model } });
const asking = (model: string, later = false) => {
  const facts = { kind: 'llm', model, repeatable: true, stateful: false } as const;
  return exchange({ request: request({ call: () => (later ? Promise.resolve(facts) : facts) }) });
};

async function fail(ctx: TestContext, ...exchanges: Exchange[]) {
  for (const on of exchanges) await call(ctx, on, 'overloaded');
}

test('a model that fails is refused while others of the upstream pass', async () => {
  const ctx = context();
  await fail(ctx, to('large'), to('large'));
  const on = to('large');
  expect(await call(ctx, on, 'ok')).toMatchObject({ code: 'circuit_open' });
  expect(on.noted('circuit-refused')).toEqual([
    { kind: 'circuit-refused', attempt: 0, upstream: 'main', model: 'large', retryAfterMs: 10_000 },
  ]);
  expect(await call(ctx, to('small'), 'ok')).toMatchObject({ verdict: 'ok' });
  expect(await call(ctx, to('unknown'), 'ok')).toMatchObject({ verdict: 'ok' });
});

test('the model is that of the target, else the one that the agent asks for, whenever that is known', async () => {
  const ctx = context();
  await fail(ctx, asking('large'), asking('large', true));
  expect(await call(ctx, asking('large'), 'ok')).toMatchObject({ code: 'circuit_open' });
  expect(await call(ctx, asking('large', true), 'ok')).toMatchObject({ code: 'circuit_open' });
  const moved = exchange({ target: { upstream: 'main', model: 'small' }, request: asking('large').request });
  expect(await call(ctx, moved, 'ok')).toMatchObject({ verdict: 'ok' });
});

test('models that the configuration does not name share the circuit of the upstream, which refuses the named ones too', async () => {
  const ctx = context();
  await fail(ctx, to('one'), asking('two'));
  expect(await call(ctx, to('three'), 'ok')).toMatchObject({ code: 'circuit_open' });
  expect(await call(ctx, to('large'), 'ok')).toMatchObject({ code: 'circuit_open' });
  expect(circuitsOf(ctx, 'main').lane('large').circuit.state).toBe('closed');
  await ctx.clock.advance(10_000);
  expect(await call(ctx, to('large'), 'ok')).toMatchObject({ verdict: 'ok' });
});

test('without per: model every model shares the circuit of the upstream', async () => {
  const ctx = context();
  const shared = createCircuitBreaker({ ...settings, per: 'upstream' }, 'main', ctx, models);
  for (const on of [to('large'), asking('small')]) await shared.run(on, script(wholeReply({ verdict: 'overloaded' })));
  expect(await shared.run(to('large'), script())).toMatchObject({ code: 'circuit_open' });
  expect(await shared.run(asking('other'), script())).toMatchObject({ code: 'circuit_open' });
});

test('the longer of both waits is told', async () => {
  const ctx = context();
  await fail(ctx, to('large'), to('large'));
  await ctx.clock.advance(4000);
  await fail(ctx, to('one'), to('one'));
  expect(await call(ctx, to('large'), 'ok')).toMatchObject({ retryAfterMs: 10_000 });
});

test('the worst circuit is what the upstream is reported as', async () => {
  const ctx = context();
  expect(circuitsOf(ctx, 'main').worst).toBe('closed');
  await fail(ctx, to('large'), to('large'));
  expect(circuitsOf(ctx, 'main').worst).toBe('open');
  await ctx.clock.advance(10_000);
  await call(ctx, to('large'), 'cancelled');
  expect(circuitsOf(ctx, 'main').worst).toBe('half-open');
});

test('circuits of models outlive a reload as long as the configuration names them, and an export', async () => {
  const ctx = context();
  await fail(ctx, to('large'), to('large'));
  const circuits = circuitsOf(ctx, 'main');
  const exported = JSON.parse(JSON.stringify(circuits.export()));

  createCircuitBreaker(settings, 'main', ctx, ['large']);
  expect(circuits.worst).toBe('open');
  createCircuitBreaker(settings, 'main', ctx, ['small']);
  expect(circuits.worst).toBe('closed');

  const elsewhere = context();
  createCircuitBreaker(settings, 'main', elsewhere, models);
  circuitsOf(elsewhere, 'main').restore(exported);
  expect(await call(elsewhere, to('large'), 'ok')).toMatchObject({ code: 'circuit_open' });
  expect(await call(elsewhere, to('small'), 'ok')).toMatchObject({ verdict: 'ok' });
});

test('an operator may hold the circuit of one model', async () => {
  const ctx = context();
  createCircuitBreaker(settings, 'main', ctx, models);
  expect(circuitsOf(ctx, 'main').force('open', 'unknown')).toBeUndefined();
  expect(circuitsOf(ctx, 'main').worst).toBe('closed');
  expect(circuitsOf(ctx, 'main').force('open', 'large')).toMatchObject({ model: 'large', to: 'open' });
  expect(await call(ctx, to('large'), 'ok')).toMatchObject({ code: 'circuit_open' });
  expect(await call(ctx, to('small'), 'ok')).toMatchObject({ verdict: 'ok' });
});
