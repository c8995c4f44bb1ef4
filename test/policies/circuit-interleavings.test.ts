import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { Circuit, type CircuitRule, type Evidence, refused } from '../../src/policies/circuit.ts';

const rule: CircuitRule = {
  failures: 2,
  ratio: 1,
  minimum: 1000,
  window: 30_000,
  cooldown: 1000,
  cooldownMax: 8000,
  probes: 2,
};

test('whatever calls do, no more probes are out than there may be, and open means shut until its time', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('admit' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('decide' as const, 'count' as const),
        pick: fc.nat(),
        evidence: fc.constantFrom<Evidence>('success', 'failure', 'failure', 'alive', 'nothing'),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1500) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const clock = new ManualClock();
      const machine = new Circuit({ clock, random: () => 0.5 }, () => {});
      let undecided: { admission: number; probe: boolean; epoch: number }[] = [];
      const decided: number[] = [];
      let epoch = 0;
      let state = machine.state;
      for (const now of steps) {
        if (now.kind === 'wait') await clock.advance(now.ms);
        else if (now.kind === 'admit') {
          const shut = machine.shut;
          const admission = machine.admit(rule);
          if (shut) expect(admission).toBe(refused);
          if (machine.state === 'closed') expect(admission).not.toBe(refused);
          if (machine.state !== state && machine.state === 'half-open') epoch += 1;
          if (admission !== refused) undecided.push({ admission, probe: machine.state === 'half-open', epoch });
        } else if (now.kind === 'decide') {
          const call = undecided.splice(now.pick % Math.max(undecided.length, 1), 1)[0];
          if (!call) continue;
          machine.decide(call.admission, now.evidence, rule);
          decided.push(call.admission);
        } else {
          const admission = decided.splice(now.pick % Math.max(decided.length, 1), 1)[0];
          if (admission !== undefined) machine.count(admission, now.evidence, rule);
        }
        if (state !== 'open' && machine.state === 'open') expect(machine.openForMs).toBeGreaterThan(0);
        state = machine.state;
        if (state === 'open') undecided = undecided.map((call) => ({ ...call, probe: false }));
        if (state === 'half-open') {
          const out = undecided.filter((call) => call.probe && call.epoch === epoch).length;
          expect(out).toBeLessThanOrEqual(rule.probes);
          expect(machine.inspect().probing).toBe(out);
        }
      }
    }),
    { numRuns: 200 },
  );
});
