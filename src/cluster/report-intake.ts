import type { AgentDirectory } from '../agents/directory.ts';
import type { CallOutcome, Event } from '../core/event.ts';
import type { Subscriber } from '../core/journal.ts';
import type { Verdict } from '../core/verdict.ts';
import type { AddedMetrics, SeriesDelta } from '../telemetry/metric-deltas.ts';
import { counters } from '../telemetry/names.ts';
import type { WorkerReport } from './messages.ts';

export interface IntakeSinks {
  readonly added: AddedMetrics;
  readonly directory: AgentDirectory;
  readonly health: Pick<Subscriber, 'on'>;
}

/** Takes what a worker has told into the sums, and into the windows by which health is judged. */
export function takeIn({ metrics, agents, headsMs }: WorkerReport, source: number, { added, directory, health }: IntakeSinks): void {
  added.add(source, metrics);
  directory.absorb(agents);
  for (const delta of metrics) {
    const event = eventOf(delta);
    if (event) for (let left = Number(delta[2]); left > 0; left -= 1) health.on(event, undefined);
  }
  for (const ms of headsMs) health.on({ kind: 'committed', attempt: 1, status: 200, ms, overheadMs: 0, streamed: false }, undefined);
}

/** What health is told for each one that was counted: how calls and attempts have ended. */
function eventOf([name, labels = []]: SeriesDelta): Event | undefined {
  if (name === counters.requests.name) {
    const outcome = labels[2] as CallOutcome;
    return { kind: 'call-ended', attempt: 0, outcome, status: 0, ms: 0, requestBytes: 0, responseBytes: 0 };
  }
  if (name !== counters.attempts.name) return undefined;
  const [upstream, verdict] = labels as readonly [string, Verdict];
  return { kind: 'attempt-ended', attempt: 1, upstream, verdict, ms: 0, bytes: 0, complete: true };
}
