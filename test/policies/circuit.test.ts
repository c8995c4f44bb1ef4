import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { mulberry32 } from '../../src/core/mulberry32.ts';
import { Circuit, type CircuitRule, type Evidence, refused } from '../../src/policies/circuit.ts';
import { circuitBreakerSettings } from '../../src/policies/circuit-breaker.ts';

const rule: CircuitRule = {
  failures: 2,
  ratio: 1,
  minimum: 1000,
  window: 30_000,
  cooldown: 1000,
  cooldownMax: 8000,
  probes: 2,
};

function circuit(random = () => 0.5, by = rule) {
  const clock = new ManualClock();
  let opened = 0;
  const machine = new Circuit({ clock, random }, () => {
    opened += 1;
  });
  return {
    clock,
    machine,
    opened: () => opened,
    /** A whole call; says whether it passed. */
    call: (evidence: Evidence, retryAfterMs?: number) => {
      const admission = machine.admit(by);
      if (admission === refused) return false;
      machine.decide(admission, evidence, by, retryAfterMs);
      machine.count(admission, evidence, by, retryAfterMs);
      return true;
    },
  };
}

/** A circuit that is half-open, with nothing tried yet. */
async function halfOpen(random?: () => number) {
  const it = circuit(random);
  it.call('failure');
  it.call('failure');
  await it.clock.advance(it.machine.openForMs);
  return it;
}

test('a circuit opens on failures in a row, tells so at once and lets nobody pass', () => {
  const { machine, call, opened } = circuit();
  call('failure');
  expect(machine.state).toBe('closed');
  call('failure');
  expect(machine.state).toBe('open');
  expect(machine.why).toBe('2 failures in a row');
  expect(opened()).toBe(1);
  expect(call('success')).toBe(false);
});

test('what is neither success nor failure neither counts nor ends a run', () => {
  const { machine, call } = circuit();
  call('failure');
  for (let i = 0; i < 10; i += 1) {
    call('alive');
    call('nothing');
  }
  expect(machine.inspect()).toMatchObject({ calls: 1, run: 1 });
  call('failure');
  expect(machine.state).toBe('open');
});

test('a circuit is half-open when its cooldown is over, and not before', async () => {
  const { machine, clock, call } = circuit();
  call('failure');
  call('failure');
  expect(machine.openForMs).toBe(1000);
  await clock.advance(999);
  expect(machine.admit(rule)).toBe(refused);
  expect(machine.openForMs).toBe(1);
  await clock.advance(1);
  expect(machine.shut).toBe(false);
  expect(machine.admit(rule)).not.toBe(refused);
  expect(machine.state).toBe('half-open');
});

test('half-open lets exactly as many pass at a time as there are probes', async () => {
  const { machine } = await halfOpen();
  const first = machine.admit(rule);
  expect(machine.admit(rule)).not.toBe(refused);
  expect(machine.admit(rule)).toBe(refused);
  machine.decide(first, 'success', rule);
  expect(machine.admit(rule)).not.toBe(refused);
  expect(machine.admit(rule)).toBe(refused);
});

test('as many successes as there are probes close the circuit', async () => {
  const { machine, call } = await halfOpen();
  call('success');
  expect(machine.state).toBe('half-open');
  call('success');
  expect(machine.state).toBe('closed');
  expect(machine.why).toBe('2 probes succeeded');
});

test('an upstream that answers, if only with refusals, has recovered', async () => {
  const { machine, call } = await halfOpen();
  call('alive');
  call('alive');
  expect(machine.state).toBe('closed');
});

test('one probe that fails opens the circuit again, whatever the others say later', async () => {
  const { machine, opened } = await halfOpen();
  const first = machine.admit(rule);
  const second = machine.admit(rule);
  machine.decide(first, 'failure', rule);
  expect(machine.state).toBe('open');
  expect(opened()).toBe(2);
  machine.decide(second, 'success', rule);
  machine.count(second, 'failure', rule);
  expect(machine.state).toBe('open');
  expect(opened()).toBe(2);
});

test('a probe that came to nothing gives its place back undecided', async () => {
  const { machine, call } = await halfOpen();
  for (let i = 0; i < 10; i += 1) expect(call('nothing')).toBe(true);
  expect(machine.inspect()).toMatchObject({ state: 'half-open', probing: 0 });
});

test('a probe that succeeded and ends badly later counts as an ordinary failure of the closed circuit', async () => {
  const { machine, call } = await halfOpen();
  const probe = machine.admit(rule);
  machine.decide(probe, 'success', rule);
  call('success');
  expect(machine.state).toBe('closed');
  machine.count(probe, 'failure', rule);
  expect(machine.inspect()).toMatchObject({ state: 'closed', run: 1 });
  call('failure');
  expect(machine.state).toBe('open');
});

test('an ending from before the circuit opened is ignored in every state that follows', async () => {
  const { machine, clock, call } = circuit();
  const old = machine.admit(rule);
  call('failure');
  call('failure');
  machine.count(old, 'success', rule);
  expect(machine.state).toBe('open');
  await clock.advance(1000);
  const probe = machine.admit(rule);
  machine.decide(old, 'success', rule);
  machine.decide(old, 'failure', rule);
  machine.count(old, 'failure', rule);
  expect(machine.inspect()).toMatchObject({ state: 'half-open', probing: 1, calls: 0 });
  machine.decide(probe, 'success', rule);
  call('success');
  machine.count(old, 'failure', rule);
  expect(machine.inspect()).toMatchObject({ state: 'closed', run: 0 });
});

test('the cooldown doubles at every re-opening up to its limit, and is short again after a recovery', async () => {
  const { machine, clock, call } = await halfOpen();
  const waits: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    call('failure');
    waits.push(machine.openForMs);
    await clock.advance(machine.openForMs);
  }
  expect(waits).toEqual([2000, 4000, 8000, 8000, 8000]);
  call('success');
  call('success');
  call('failure');
  call('failure');
  expect(machine.openForMs).toBe(1000);
});

test('the cooldown is jittered by at most a fifth and never above its limit', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
      const { machine, call } = circuit(() => chance);
      call('failure');
      call('failure');
      expect(machine.openForMs).toBeCloseTo(800 + 400 * chance, 6);
      const limited = new Circuit({ clock: new ManualClock(), random: () => chance }, () => {});
      const tight = { ...rule, failures: 1, cooldownMax: 1000 };
      limited.count(limited.admit(tight), 'failure', tight);
      expect(limited.openForMs).toBeLessThanOrEqual(1000);
    }),
  );
});

test('a wait that the upstream asks for sets the cooldown, up to its limit', () => {
  const { machine, call } = circuit(() => 0);
  call('failure');
  call('failure', 3000);
  expect(machine.openForMs).toBe(3000);

  const long = circuit();
  long.call('failure');
  long.call('failure', 3_600_000);
  expect(long.machine.openForMs).toBe(8000);

  const none = circuit();
  none.call('failure');
  none.call('failure', 0);
  expect(none.machine.openForMs).toBe(1000);
});

test('limits are those of the call, so that a reload acts on a circuit that runs', () => {
  const { machine } = circuit();
  machine.count(machine.admit(rule), 'failure', rule);
  const strict = { ...rule, failures: 1 };
  machine.count(machine.admit(strict), 'failure', strict);
  expect(machine.state).toBe('open');
});

test('a circuit that an operator holds open stays so until it is given back, and is then half-open', async () => {
  const { machine, clock, call, opened } = circuit();
  machine.force('open');
  expect(opened()).toBe(1);
  await clock.advance(3_600_000);
  expect(call('success')).toBe(false);
  expect(machine.inspect()).toMatchObject({ state: 'open', forced: 'open', openForMs: 0, why: 'forced by an operator' });
  machine.force(undefined);
  expect(machine.state).toBe('half-open');
  expect(call('success')).toBe(true);
});

test('a circuit that an operator holds closed does not open until it is given back', () => {
  const { machine, call } = circuit();
  call('failure');
  call('failure');
  machine.force('closed');
  for (let i = 0; i < 10; i += 1) expect(call('failure')).toBe(true);
  expect(machine.state).toBe('closed');
  machine.force(undefined);
  expect(machine.state).toBe('closed');
  call('failure');
  call('failure');
  expect(machine.state).toBe('open');
});

test('an exported circuit goes on where it was, and calls from before have no say in it', async () => {
  const { machine, clock, call } = await halfOpen();
  const before = circuit();
  const old = before.machine.admit(rule);
  call('failure');
  await clock.advance(500);

  before.machine.restore(JSON.parse(JSON.stringify(machine.export())));
  expect(before.opened()).toBe(1);
  before.machine.count(old, 'success', rule);
  expect(before.machine.inspect()).toMatchObject({ state: 'open', openForMs: 1500, reopened: 1, why: 'a probe failed' });
  await before.clock.advance(1500);
  expect(before.call('failure')).toBe(true);
  expect(before.machine.openForMs).toBe(4000);
});

test('an exported run of failures is gone on from, and so is a hand on the switch', () => {
  const { machine, call } = circuit();
  call('failure');
  const other = circuit();
  other.machine.restore(machine.export());
  other.call('failure');
  expect(other.machine.state).toBe('open');

  machine.force('open');
  const held = circuit();
  held.machine.restore(machine.export());
  expect(held.machine.inspect()).toMatchObject({ state: 'open', forced: 'open' });
  expect(held.machine.shut).toBe(true);
});

test('an upstream of which some calls fail at random is of use, and is hardly ever left alone', async () => {
  const whole = circuitBreakerSettings.parse({});
  let calls = 0;
  let left = 0;
  for (let seed = 1; seed <= 10; seed += 1) {
    const random = mulberry32(seed);
    const { clock, call } = circuit(random, whole);
    for (let i = 0; i < 3000; i += 1) {
      await clock.advance(100);
      calls += 1;
      if (!call(random() < 0.3 ? 'failure' : 'success')) left += 1;
    }
  }
  expect(left / calls).toBeLessThan(0.05);
});
