import type { AgentDirectory } from '../agents/directory.ts';
import { policyViews } from '../api-views.ts';
import type { Event } from '../core/event.ts';
import type { Journal, Subscriber } from '../core/journal.ts';
import type { PolicyContext } from '../core/policy.ts';
import type { Generation } from '../generations.ts';
import { readLinksAndCaches } from '../process-readings.ts';
import type { Machine } from '../telemetry/health/machine.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { nextTurn } from '../telemetry/prometheus-text.ts';
import type { RunningTraces } from '../telemetry/traces/create-tracing.ts';
import { readUpstreams } from '../upstream-readings.ts';
import type { Further, WorkerReadings, WorkerReport } from './messages.ts';

export interface ReporterSources {
  readonly metrics: Metrics;
  readonly directory: AgentDirectory;
  readonly machine: Machine;
  readonly log: Log;
  readonly traces: RunningTraces | undefined;
  readonly context: PolicyContext;
  readonly journal: () => Journal;
  readonly generation: () => Generation;
}

/** Calls of one report whose time to the head is told; of more, the first ones. */
const mostHeads = 2000;

/** Samples of the machine are a second apart; who scrapes may ask in between. */
const sampleMs = 900;

/** What tells the primary how this worker is. */
export interface Reporter {
  /** To be put into the journal. */
  readonly heads: Subscriber;
  /** All that has happened since it was last asked. */
  take(more: Further): Promise<WorkerReport>;
}

/** Makes the reporter of a worker. */
export function createReporter(sources: ReporterSources): Reporter {
  const { metrics, directory, machine, context } = sources;
  const deltas = metrics.deltas();
  let headsMs: number[] = [];
  let sampledAt = Number.NEGATIVE_INFINITY;
  const sample = () => {
    const now = context.clock.now();
    if (now - sampledAt < sampleMs) return;
    sampledAt = now;
    machine.sample();
  };
  return {
    heads: {
      name: 'heads',
      on(event: Event) {
        if (event.kind === 'committed' && headsMs.length < mostHeads) headsMs.push(event.ms);
      },
    },
    async take(more) {
      // A call whose last bytes have just gone out ends in this turn of the event loop: it shall be counted.
      await nextTurn();
      const heads = headsMs;
      headsMs = [];
      sample();
      return {
        metrics: deltas.take(),
        agents: directory.take(),
        headsMs: heads,
        readings: readingsOf(sources),
        machine: machine.read(),
        ...(more === 'policies' && { policies: policyViews(sources.generation().stacks) }),
        ...(more === 'process' && { process: await metrics.process() }),
      };
    },
  };
}

function readingsOf({ journal, log, traces, context, generation }: ReporterSources): WorkerReadings {
  const { loaded, links, stacks } = generation();
  return {
    upstreams: readUpstreams(Object.keys(loaded.config.upstreams), stacks.views, context),
    ...readLinksAndCaches({ loaded, links }, context.state),
    journalErrors: journal().errors(),
    logLinesDropped: log.dropped(),
    spansDropped: traces?.dropped,
  };
}
