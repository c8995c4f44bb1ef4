import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { Circuit, type CircuitRule, refused } from '../../src/policies/circuit.ts';
import { circuitBreakerSettings, createCircuitBreaker } from '../../src/policies/circuit-breaker.ts';
import { call, circuit, opened, refusedBy, settings } from './circuit-breaker-kit.ts';
import { context, exchange, script, wholeReply } from './kit.ts';

const rule: CircuitRule = {
  failures: 2,
  ratio: 1,
  minimum: 1000,
  window: 30_000,
  cooldown: 1000,
  cooldownMax: 8000,
  probes: 1,
  slowStart: 10_000,
};

/** A circuit that a probe has just closed. */
async function recovered(own: CircuitRule = rule) {
  const clock = new ManualClock();
  const machine = new Circuit({ clock, random: () => 0.5 }, () => {});
  const failed = () => machine.count(machine.admit(own), 'failure', own);
  failed();
  failed();
  await clock.advance(machine.openForMs);
  machine.decide(machine.admit(own), 'success', own);
  expect(machine.state).toBe('closed');
  /** How many of so many calls pass now. */
  const passing = (calls: number) => Array.from({ length: calls }, () => machine.admit(own)).filter((one) => one !== refused).length;
  return { clock, machine, passing, failed };
}

test('a slow start lets a tenth of the calls pass, then more and more, then all', async () => {
  const { clock, machine, passing } = await recovered();
  expect(passing(100)).toBe(10);
  await clock.advance(1000);
  expect(passing(100)).toBe(10);
  await clock.advance(4000);
  expect(passing(100)).toBe(50);
  await clock.advance(4000);
  expect(passing(100)).toBe(90);
  expect(machine.slow).toBe(true);
  await clock.advance(1000);
  expect(passing(100)).toBe(100);
  expect(machine.slow).toBe(false);
});

test('a slow start is spread evenly, and its first call passes', async () => {
  const { clock, machine } = await recovered();
  await clock.advance(2000);
  const passed = Array.from({ length: 10 }, () => machine.admit(rule) !== refused);
  expect(passed.flatMap((one, index) => (one ? [index] : []))).toEqual([0, 5]);
});

test('without a slow start all calls pass as soon as the circuit is closed', async () => {
  const { slowStart: _, ...others } = rule;
  expect((await recovered(others)).passing(100)).toBe(100);
  expect((await recovered({ ...rule, slowStart: 0 })).passing(100)).toBe(100);
});

test('failures during a slow start open the circuit as ever, and an operator ends it', async () => {
  const { machine, failed } = await recovered();
  for (let i = 0; i < 20; i += 1) failed();
  expect(machine.state).toBe('open');
  expect(machine.slow).toBe(false);

  const other = await recovered();
  other.machine.force('closed');
  expect(other.passing(100)).toBe(100);
});

test('every slow start begins with a call that passes', async () => {
  const { clock, machine, failed } = await recovered();
  for (let i = 0; i < 15; i += 1) failed();
  expect(machine.state).toBe('open');
  await clock.advance(machine.openForMs);
  machine.decide(machine.admit(rule), 'success', rule);
  expect(machine.slow).toBe(true);
  expect(machine.admit(rule)).not.toBe(refused);
  expect(machine.admit(rule)).toBe(refused);
});

test('a reload that takes the slow start away ends it', async () => {
  const { machine } = await recovered();
  const { slowStart: _, ...others } = rule;
  expect(Array.from({ length: 10 }, () => machine.admit(others)).every((one) => one !== refused)).toBe(true);
});

test('a circuit that was never open starts at once', () => {
  const machine = new Circuit({ clock: new ManualClock(), random: () => 0.5 }, () => {});
  expect(Array.from({ length: 10 }, () => machine.admit(rule)).every((one) => one !== refused)).toBe(true);
});

test('whenever calls come, as many have passed as their shares add up to', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ afterMs: fc.nat(3000), calls: fc.integer({ min: 1, max: 60 }) }), { maxLength: 20 }),
      async (steps) => {
        const { clock, passing } = await recovered();
        const begun = clock.now();
        let due = 1;
        let passed = 0;
        for (const { afterMs, calls } of steps) {
          await clock.advance(afterMs);
          const elapsedMs = clock.now() - begun;
          if (elapsedMs >= 10_000) {
            expect(passing(calls)).toBe(calls);
            return;
          }
          const share = Math.max(0.1, elapsedMs / 10_000);
          due += calls * share;
          passed += passing(calls);
          expect(due - passed).toBeGreaterThanOrEqual(-1e-5);
          expect(due - passed).toBeLessThan(1 + share);
        }
      },
    ),
  );
});

test('a breaker tells whom it holds back in a slow start that calls are let in little by little, and when to come again', async () => {
  const ctx = await opened(context(), { slowStart: 10_000 });
  await ctx.clock.advance(12_000);
  await call(ctx, 'ok', { slowStart: 10_000 });
  expect(circuit(ctx).state).toBe('closed');
  await call(ctx, 'ok', { slowStart: 10_000 });
  const held = exchange({ attempt: 4 });
  const outcome = await call(ctx, 'ok', { slowStart: 10_000 }, held);
  expect(refusedBy(outcome)).toBe('circuit_open');
  expect(outcome).toMatchObject({ retryAfterMs: 1000, message: expect.stringContaining('little by little') });
  expect(held.events).toEqual([{ kind: 'circuit-refused', attempt: 4, upstream: 'main', retryAfterMs: 1000 }]);
});

test('a breaker that only observes lets all calls of a slow start pass, and has none unless it is set', async () => {
  const ctx = await opened(context(), { slowStart: 10_000, observe: true });
  await ctx.clock.advance(12_000);
  for (let i = 0; i < 5; i += 1) expect(await call(ctx, 'ok', { slowStart: 10_000, observe: true })).toMatchObject({ kind: 'reply' });
  expect(circuit(ctx).slow).toBe(true);

  expect(circuitBreakerSettings.parse({})).not.toHaveProperty('slowStart');
  const policy = createCircuitBreaker(settings(), 'other', ctx, []);
  expect(await policy.run(exchange(), script(wholeReply()))).toMatchObject({ verdict: 'ok' });
});
