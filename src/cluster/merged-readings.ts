import type { CircuitState } from '../core/event.ts';
import type { MachineReading } from '../telemetry/health/machine.ts';
import type { Readings, UpstreamReading } from '../telemetry/readings.ts';
import type { WorkerReadings } from './messages.ts';

/** From good to bad. */
const circuitStates: readonly CircuitState[] = ['closed', 'half-open', 'open'];

type Counted = 'journalErrors' | 'logLinesDropped' | 'spansDropped';

/** What is left of a worker that has ended: what it had counted. */
export function leftOf({ cache, journalErrors, logLinesDropped, spansDropped }: WorkerReadings): WorkerReadings {
  return {
    upstreams: new Map(),
    cache: { entries: 0, bytes: 0, evicted: cache?.evicted ?? 0 },
    ...(journalErrors && { journalErrors }),
    ...(logLinesDropped !== undefined && { logLinesDropped }),
    spansDropped,
  };
}

/** The upstreams as all workers together have them: places and queues add up, of circuits and shares the worst counts. */
export function mergedUpstreams(upstreams: readonly string[], workers: readonly WorkerReadings[]): ReadonlyMap<string, UpstreamReading> {
  return new Map(upstreams.map((name) => [name, merged(workers.flatMap((worker) => worker.upstreams.get(name) ?? []))]));
}

function merged(all: readonly UpstreamReading[]): UpstreamReading {
  const sum = (of: (one: UpstreamReading) => number | undefined) => all.reduce((before, one) => before + (of(one) ?? 0), 0);
  const most = (of: (one: UpstreamReading) => number | undefined) => Math.max(0, ...all.map((one) => of(one) ?? 0));
  return {
    circuit: circuitStates[most(({ circuit = 'closed' }) => circuitStates.indexOf(circuit))] ?? 'closed',
    circuitFailureRatio: most((one) => one.circuitFailureRatio),
    retryBudgetUsed: most((one) => one.retryBudgetUsed),
    bulkheadInUse: sum((one) => one.bulkheadInUse),
    bulkheadQueued: sum((one) => one.bulkheadQueued),
    bulkheadLimit: sum((one) => one.bulkheadLimit),
  };
}

/** What the primary reads of itself, with what workers have and had; without upstreams. */
export function mergedReadings(
  own: Omit<Readings, 'upstreams'>,
  workers: readonly WorkerReadings[],
): Pick<Readings, 'connections' | 'rateLimits' | 'cache' | Counted> {
  const all = [own, ...workers];
  const sum = (of: (one: Omit<Readings, 'upstreams'>) => number | undefined) => all.reduce((before, one) => before + (of(one) ?? 0), 0);
  return {
    connections: sumByKey(all.map(({ connections }) => connections ?? new Map())),
    rateLimits: tightest(all.map(({ rateLimits }) => rateLimits ?? new Map())),
    cache: {
      entries: sum(({ cache }) => cache?.entries),
      bytes: sum(({ cache }) => cache?.bytes),
      evicted: sum(({ cache }) => cache?.evicted),
    },
    journalErrors: sumByKey(all.map(({ journalErrors }) => journalErrors ?? new Map())),
    logLinesDropped: sum((one) => one.logLinesDropped),
    spansDropped: Object.fromEntries(sumByKey(all.map((one) => new Map(Object.entries(one.spansDropped ?? {}))))),
  };
}

/** All processes together: memory adds up, and of the rest the one that has least to spare counts. */
export function mergedMachine(own: MachineReading, workers: readonly MachineReading[]): MachineReading {
  const all = [own, ...workers];
  const busiest = all.flatMap(({ cpu }) => cpu ?? []);
  return {
    cpu: busiest.length > 0 ? Math.max(...busiest) : undefined,
    memory: all.reduce((sum, { memory }) => sum + memory, 0),
    disk: own.disk,
    loopLagMs: Math.max(...all.map(({ loopLagMs }) => loopLagMs)),
    loopUtilization: Math.max(...all.map(({ loopUtilization }) => loopUtilization)),
  };
}

/** All share one account at a provider: what the process says that has seen the least left counts. */
function tightest(all: readonly NonNullable<Readings['rateLimits']>[]): NonNullable<Readings['rateLimits']> {
  const limits = new Map<string, Map<string, { readonly limit: number; readonly remaining: number }>>();
  for (const [upstream, kinds] of all.flatMap((one) => [...one])) {
    const known = limits.get(upstream) ?? new Map();
    limits.set(upstream, known);
    for (const [kind, told] of kinds) if (told.remaining < (known.get(kind)?.remaining ?? Number.POSITIVE_INFINITY)) known.set(kind, told);
  }
  return limits;
}

function sumByKey(maps: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const sum = new Map<string, number>();
  for (const map of maps) for (const [key, value] of map) sum.set(key, (sum.get(key) ?? 0) + value);
  return sum;
}
