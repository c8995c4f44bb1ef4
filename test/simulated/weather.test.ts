import { describe, expect, it } from 'vitest';
import { mulberry32 } from '../../src/core/mulberry32.ts';
import { drawFault, type Weather } from '../../src/simulated/weather.ts';

function drawn(weather: Weather, seed: number, times = 2000) {
  const random = mulberry32(seed);
  return Array.from({ length: times }, () => drawFault(weather, 0, random));
}

describe('simulated weather', () => {
  const weather = { shares: { slow: 0.2, reset: 0.1 } } as const;

  it('fails in the shares that it is given', () => {
    const faults = drawn(weather, 1);
    expect(faults.filter((fault) => fault === 'slow').length / faults.length).toBeCloseTo(0.2, 1);
    expect(faults.filter((fault) => fault === 'reset').length / faults.length).toBeCloseTo(0.1, 1);
    expect(faults.filter((fault) => fault === undefined).length / faults.length).toBeCloseTo(0.7, 1);
  });

  it('repeats with its seed, and not with another', () => {
    expect(drawn(weather, 7)).toEqual(drawn(weather, 7));
    expect(drawn(weather, 7)).not.toEqual(drawn(weather, 8));
  });

  it('never fails without a reason', () => {
    expect(new Set(drawn({}, 1))).toEqual(new Set([undefined]));
  });

  it('fails with everything during an outage, again and again, and not before or between', () => {
    const outage = { kind: 'overloaded', afterMs: 1000, everyMs: 10_000, forMs: 2000 } as const;
    const at = (ms: number) => drawFault({ outage }, ms, () => 0.5);
    expect([0, 999, 1000, 2999, 3000, 10_999, 11_000, 12_999, 13_000].map(at)).toEqual([
      undefined,
      undefined,
      'overloaded',
      'overloaded',
      undefined,
      undefined,
      'overloaded',
      'overloaded',
      undefined,
    ]);
  });

  it('draws as many numbers in an outage as without one, so that what comes after it is the same', () => {
    const [one, other] = [mulberry32(3), mulberry32(3)];
    drawFault({ outage: { kind: 'reset', afterMs: 0, everyMs: 10, forMs: 10 } }, 0, one);
    drawFault({}, 0, other);
    expect(one()).toBe(other());
  });
});
