import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shareOfLimits } from '../../src/cluster/share-of-limits.ts';
import { loadConfigText } from '../../src/config/load.ts';

function sharesOf(limits: { concurrent: number; queue: number; minimum: number; maxBytes: number; connections: number }, workers: number) {
  const { concurrent, queue, minimum, maxBytes, connections } = limits;
  const p = { bulkhead: { concurrent, queue }, retry: { budget: { minimum } }, cache: { maxBytes: `${maxBytes}B` } };
  const config = {
    limits: { connections },
    upstreams: { peer: { url: 'http://127.0.0.1:1' } },
    policies: { p },
    agents: { planner: { deadline: '1m' } },
    routes: [{ path: '/', upstream: 'peer', policy: 'p' }],
  };
  const loaded = loadConfigText(JSON.stringify(config));
  return Array.from({ length: workers }, (_, slot) => shareOfLimits(loaded, { slot, workers }).config);
}

const sum = (values: readonly (number | undefined)[]) => values.reduce<number>((before, value) => before + (value ?? Number.NaN), 0);

it('shares limits out so that the parts add up, and differ by one at the most', () => {
  const limit = fc.integer({ min: 64, max: 5000 });
  const limits = fc.record({ concurrent: limit, queue: limit, minimum: limit, maxBytes: limit, connections: limit });
  fc.assert(
    fc.property(limits, fc.integer({ min: 2, max: 64 }), (given, workers) => {
      const shares = sharesOf(given, workers);
      for (const sets of [shares.map(({ policies }) => policies['p']), shares.map(({ agents }) => agents['planner']?.merged['p'])]) {
        const places = sets.map((set) => set?.bulkhead?.concurrent ?? Number.NaN);
        expect(sum(places)).toBe(given.concurrent);
        expect(Math.max(...places) - Math.min(...places)).toBeLessThanOrEqual(1);
        expect(sum(sets.map((set) => set?.bulkhead?.queue))).toBe(given.queue);
        expect(sum(sets.map((set) => set?.cache?.maxBytes))).toBe(given.maxBytes);
        expect(sum(sets.map((set) => set?.retry?.budget.minimum))).toBe(given.minimum);
      }
      expect(sum(shares.map(({ limits: own }) => own.connections))).toBe(given.connections);
    }),
    { numRuns: 20 },
  );
});

it('leaves each worker one place, and one in the queue where there is a queue', () => {
  const few = { concurrent: 1, queue: 2, minimum: 1, maxBytes: 10, connections: 100 };
  const sets = sharesOf(few, 4).map(({ policies }) => policies['p']);
  expect(sets.map((set) => set?.bulkhead?.concurrent)).toEqual([1, 1, 1, 1]);
  expect(sets.map((set) => set?.bulkhead?.queue)).toEqual([1, 1, 1, 1]);
  expect(sets.map((set) => set?.retry?.budget.minimum)).toEqual([1, 0, 0, 0]);
  expect(sharesOf({ ...few, queue: 0 }, 2).map(({ policies }) => policies['p']?.bulkhead?.queue)).toEqual([0, 0]);
});
