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

/** Whether an incident may explain others. */
export function isCause({ on }: Incident): boolean {
  return on === 'circuit-open' || on === 'agent-paused';
}

/** The incident that explains another one, which need not be told then. */
export function inhibitorOf(incident: Incident, others: Iterable<Incident>, nowMs: number): Incident | undefined {
  const byCircuit = errorsOfUpstream.has(incident.on);
  if (!byCircuit && !loopsOfAgent.has(incident.on)) return undefined;
  for (const other of others) {
    if (other.status === 'resolved' && nowMs - (other.resolvedMs ?? 0) >= afterMs) continue;
    if (byCircuit && other.on === 'circuit-open' && other.upstream === incident.upstream) return other;
    if (!byCircuit && other.on === 'agent-paused' && other.agent === incident.agent) return other;
  }
  return undefined;
}
