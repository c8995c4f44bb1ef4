import { expect, test } from 'vitest';
import { failure } from '../../src/core/failure.ts';
import type { Failure } from '../../src/core/outcome.ts';
import { Circuit, type CircuitRule } from '../../src/policies/circuit.ts';
import { circuitBreakerSettings } from '../../src/policies/circuit-breaker.ts';
import { circuitsOf } from '../../src/policies/circuits.ts';
import { call, circuit, opened } from './circuit-breaker-kit.ts';
import { context, exchange, type TestContext } from './kit.ts';

const rule: CircuitRule = circuitBreakerSettings.parse({ failures: 1, cooldown: '1s', probes: 2 });

/** The circuits of `main`, with one for the model `big` beside the upstream's. */
function circuits(ctx: TestContext) {
  const both = circuitsOf(ctx, 'main');
  both.name(['big']);
  return both;
}

const messageOf = (refusal: unknown) => (refusal as Failure).message;

test('a circuit that was never open has no reason to be as it is', () => {
  expect(circuit(context()).why).toBe('');
});

test('a circuit says why it is half-open: its cooldown is over, or it was given back', async () => {
  const ctx = context();
  const machine = new Circuit(ctx, () => {});
  machine.count(machine.admit(rule), 'failure', rule);
  await ctx.clock.advance(1000);
  machine.admit(rule);
  expect(machine.why).toBe('the cooldown is over');
  machine.force('open');
  machine.force(undefined);
  expect(machine.why).toBe('given back by an operator');
});

test('a circuit that an operator closes within its cooldown is not open any more, for whoever asks', () => {
  const machine = new Circuit(context(), () => {});
  machine.count(machine.admit(rule), 'failure', rule);
  expect(machine.shut).toBe(true);
  machine.force('closed');
  expect(machine).toMatchObject({ shut: false, openForMs: 0 });
  machine.force(undefined);
  expect(machine).toMatchObject({ state: 'closed', shut: false, openForMs: 0 });
});

test('a probe that is still out when others have closed the circuit is not shown as one', async () => {
  const ctx = context();
  const machine = new Circuit(ctx, () => {});
  machine.count(machine.admit(rule), 'failure', rule);
  await ctx.clock.advance(1000);
  const probes = [machine.admit(rule), machine.admit(rule)];
  machine.decide(probes[0]!, 'success', rule);
  machine.admit(rule);
  expect(machine.inspect()).toMatchObject({ state: 'half-open', probing: 2 });
  machine.decide(probes[1]!, 'success', rule);
  expect(machine.inspect()).toMatchObject({ state: 'closed', probing: 0 });
});

test('a probe whose time ran out before the upstream was asked decides nothing', async () => {
  const ctx = await opened();
  await ctx.clock.advance(10_000);
  await call(ctx, failure('deadline_exceeded', 'too late', { sent: 'no' }));
  expect(circuit(ctx).inspect()).toMatchObject({ state: 'half-open', probing: 0 });
});

test('a failure that is no refusal of the breaker is not told as one', async () => {
  const on = exchange();
  await call(context(), failure('upstream_unreachable', 'refused'), {}, on);
  expect(on.noted('circuit-refused')).toEqual([]);
});

test('a refusal names the upstream and says why its circuit is open', async () => {
  const ctx = await opened();
  expect(messageOf(await call(ctx, 'ok'))).toBe('the circuit breaker of main is open (2 failures in a row)');
});

test('a refusal while probes are out says that it is being tried', async () => {
  const ctx = await opened();
  await ctx.clock.advance(10_000);
  circuit(ctx).admit(rule);
  circuit(ctx).admit(rule);
  expect(messageOf(await call(ctx, 'ok'))).toBe('the circuit breaker of main is trying whether it has recovered');
});

test('a refusal for a model names both, and every circuit that is open', () => {
  const both = circuits(context());
  both.force('open', 'big');
  expect(messageOf(both.lane('big').refused())).toBe('the circuit breaker of big at main is open (forced by an operator)');
  both.force('open');
  expect(messageOf(both.lane('big').refused())).toBe(
    'the circuit breaker of big at main is open (forced by an operator; forced by an operator)',
  );
});

test('who waits at the upstream is refused by its circuit alone, who waits for a model by either', () => {
  const both = circuits(context());
  const refusals = () => [both.shared.refusal()?.code, both.lane('big').refusal()?.code];
  expect(refusals()).toEqual([undefined, undefined]);
  both.force('open', 'big');
  expect(refusals()).toEqual([undefined, 'circuit_open']);
  both.force('closed', 'big');
  both.force('open');
  expect(refusals()).toEqual(['circuit_open', 'circuit_open']);
});

test('events of the upstream’s own circuit name no model', () => {
  const both = circuits(context());
  expect(both.shared.about).toStrictEqual({ upstream: 'main' });
  expect(both.lane('big').about).toStrictEqual({ upstream: 'main', model: 'big' });
});

test('inspect shows the circuit of every model that has one', () => {
  const both = circuits(context());
  both.name(['big', 'small']);
  both.force('open', 'big');
  expect(both.inspect()).toMatchObject({ state: 'closed', models: { big: { state: 'open' }, small: { state: 'closed', calls: 0 } } });
});

test('an export for a model that is no longer named is left out, and the others are gone on from', () => {
  const from = circuits(context());
  from.force('open', 'big');
  from.name(['big', 'gone']);
  const to = circuits(context());
  to.restore(from.export());
  expect(to.export()).toMatchObject({ state: 'closed', models: { big: { state: 'open', forced: 'open' } } });
  expect(Object.keys(to.export().models)).toEqual(['big']);
});
