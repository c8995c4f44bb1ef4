import type { LoadedConfig } from '../config/load.ts';
import type { PolicySet } from '../policies/index.ts';

/** Which worker it is, from 0, and of how many. */
export interface Place {
  readonly slot: number;
  readonly workers: number;
}

/**
 * The configuration with the worker's part of every limit that holds for all workers together: places and queues of
 * bulkheads, retries that are always allowed, bytes of caches, connections. The parts add up to the whole, except that each
 * worker has one place and one in the queue at the least, where there is a queue.
 */
export function shareOfLimits(loaded: LoadedConfig, place: Place): LoadedConfig {
  const { config } = loaded;
  const shared = (set: PolicySet) => shareOfSet(set, place);
  const agents = Object.entries(config.agents).map(
    ([name, agent]) => [name, { ...agent, alone: shared(agent.alone), merged: mapValues(agent.merged, shared) }] as const,
  );
  return {
    ...loaded,
    config: {
      ...config,
      limits: { ...config.limits, connections: atLeastOne(config.limits.connections, place) },
      policies: mapValues(config.policies, shared),
      agents: Object.fromEntries(agents),
    },
  };
}

function shareOfSet(set: PolicySet, place: Place): PolicySet {
  const { bulkhead, cache, retry } = set;
  return {
    ...set,
    ...(bulkhead && {
      bulkhead: {
        ...bulkhead,
        concurrent: atLeastOne(bulkhead.concurrent, place),
        queue: bulkhead.queue === 0 ? 0 : atLeastOne(bulkhead.queue, place),
      },
    }),
    ...(cache && { cache: { ...cache, maxBytes: partOf(cache.maxBytes, place) } }),
    ...(retry && { retry: { ...retry, budget: { ...retry.budget, minimum: partOf(retry.budget.minimum, place) } } }),
  };
}

function atLeastOne(whole: number, place: Place): number {
  return Math.max(1, partOf(whole, place));
}

/** The first workers have one more where it does not come out even. */
function partOf(whole: number, { slot, workers }: Place): number {
  return Math.floor(whole / workers) + (slot < whole % workers ? 1 : 0);
}

function mapValues<Value>(record: Readonly<Record<string, Value>>, change: (value: Value) => Value): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
