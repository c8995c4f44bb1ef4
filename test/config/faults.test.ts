import { describe, expect, it } from 'vitest';
import { load, problemLines, valid, warningLines, withPolicy } from './load-text.ts';

const warningsOf = (...lines: string[]) => warningLines(valid(withPolicy(...lines)));

describe('injected faults', () => {
  it('are warned of wherever they are switched on', () => {
    expect(warningsOf('chaos: { enabled: true, faults: [ { kind: status }, { kind: cut } ] }')).toEqual([
      'policies.p.chaos.enabled: faults are injected into calls on purpose for an hour from the start: status, cut',
      'policies.p.chaos.faults[1]: is never reached: faults.0 answers every call',
    ]);
    expect(warningsOf('chaos: { faults: [ { kind: status } ] }')).toEqual([]);
  });

  it('are said to be over behind their end', () => {
    const faults = 'faults: [ { kind: cut } ]';
    expect(warningsOf(`chaos: { enabled: true, until: 2020-01-01T00:00:00Z, ${faults} }`)).toEqual([
      'policies.p.chaos.until: is over: no fault is injected any more',
    ]);
    expect(warningsOf(`chaos: { enabled: true, until: 2999-01-01T00:00:00Z, ${faults} }`)).toEqual([
      'policies.p.chaos.enabled: faults are injected into calls on purpose until 2999-01-01T00:00:00Z: cut',
    ]);
  });

  it('are warned of where an agent switches on those of its policy set', () => {
    const text = `${withPolicy('chaos: { faults: [ { kind: cut } ] }')}agents: { planner: { chaos: { enabled: true } }, other: {} }\n`;
    expect(warningLines(valid(text))).toEqual([
      'agents.planner.chaos.enabled: faults are injected into calls on purpose for an hour from the start: cut',
    ]);
  });

  it('point at what is misspelled', () => {
    expect(problemLines(load(withPolicy('chaos: { faults: [ { kind: cutt }, { kind: cut, for: 1s } ] }')))).toEqual([
      '5:32 policies.p.chaos.faults[0].kind: no such value, did you mean "cut"?',
      '5:58 policies.p.chaos.faults[1].for: does nothing for a fault of kind cut',
    ]);
  });
});
