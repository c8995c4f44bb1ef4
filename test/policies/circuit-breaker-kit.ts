import { expect } from 'vitest';
import type { Outcome } from '../../src/core/outcome.ts';
import { stack } from '../../src/core/policy.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { type CircuitBreakerSettings, circuitBreakerSettings, createCircuitBreaker } from '../../src/policies/circuit-breaker.ts';
import { circuitsOf } from '../../src/policies/circuits.ts';
import { context, exchange, script, type TestContext, wholeReply } from './kit.ts';

export const settings = (overrides: Partial<CircuitBreakerSettings> = {}): CircuitBreakerSettings => ({
  ...circuitBreakerSettings.parse({ failures: 2, cooldown: '10s', probes: 1 }),
  ...overrides,
});

/** Lets the callbacks of endings run. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

export const breaker = (ctx: TestContext, overrides: Partial<CircuitBreakerSettings> = {}) =>
  createCircuitBreaker(settings(overrides), 'main', ctx, []);

export const circuit = (ctx: TestContext) => circuitsOf(ctx, 'main').shared.circuit;

/** A call that is answered with the outcome, ended where it is a reply of the kit. */
export async function call(ctx: TestContext, answer: Outcome | Verdict, overrides: Partial<CircuitBreakerSettings> = {}, on = exchange()) {
  const outcome = typeof answer === 'string' ? wholeReply({ verdict: answer }) : answer;
  const got = await stack([breaker(ctx, overrides)], script(outcome))(on);
  await settle();
  return got;
}

export async function opened(ctx = context(), overrides: Partial<CircuitBreakerSettings> = {}) {
  await call(ctx, 'server-error', overrides);
  await call(ctx, 'server-error', overrides);
  expect(circuit(ctx).state).toBe('open');
  return ctx;
}

export const refusedBy = (outcome: Outcome) => (outcome.kind === 'failure' ? outcome.code : undefined);
