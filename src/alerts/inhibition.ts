import type { Incident } from './incident.ts';
import type { RuleEvent } from './rule-events.ts';

/** What follows from an open circuit of the same upstream. */
const errorsOfUpstream: ReadonlySet<RuleEvent> = new Set([
  'error-rate',
  'latency',
  'upstream-unreachable',
  'stream-broken',
  'retry-budget-spent',
  'fallback-exhausted',
]);

/** What follows from a paused agent. */
const loopsOfAgent: ReadonlySet<RuleEvent> = new Set(['loop-detected', 'cap-reached']);

/** After the cause is gone, windows still hold what it did. */
const afterMs = 120_000;

/** Incidents that explain others: open circuits by upstream, and pauses by agent. */
export interface Causes {
  readonly circuits: ReadonlyMap<string | undefined, Incident>;
  readonly pauses: ReadonlyMap<string | undefined, Incident>;
}

/** What explains others now; of several for one thing, the first. */
export function causesAmong(incidents: Iterable<Incident>, nowMs: number): Causes {
  const circuits = new Map<string | undefined, Incident>();
  const pauses = new Map<string | undefined, Incident>();
  for (const incident of incidents) {
    const { on, upstream, agent, status, resolvedMs = 0 } = incident;
    if (status === 'resolved' && nowMs - resolvedMs >= afterMs) continue;
    if (on === 'circuit-open' && !circuits.has(upstream)) circuits.set(upstream, incident);
    if (on === 'agent-paused' && !pauses.has(agent)) pauses.set(agent, incident);
  }
  return { circuits, pauses };
}

/** The incident that explains another one, which need not be told then. */
export function inhibitorOf({ on, upstream, agent }: Incident, { circuits, pauses }: Causes): Incident | undefined {
  if (errorsOfUpstream.has(on)) return circuits.get(upstream);
  return loopsOfAgent.has(on) ? pauses.get(agent) : undefined;
}
