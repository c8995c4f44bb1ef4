import { priority } from './alerts/incident.ts';
import { severityOf } from './alerts/priority.ts';
import type { ActiveAlerts } from './alerts-of.ts';
import { type Severity, severities } from './core/severity.ts';
import type { Readings } from './telemetry/readings.ts';

/** What a scrape tells of alerts: where none are configured, nothing waits and nothing is open. */
export function readAlerts(active: Pick<ActiveAlerts, 'engine'> | undefined): Pick<Readings, 'alerts' | 'incidents'> {
  const open = new Map<Severity, number>(severities.map((severity) => [severity, 0]));
  for (const incident of active?.engine.openIncidents() ?? []) {
    // As its list has it: many agents, or coming back, may have made it worse than its rule says.
    const severity = severityOf(priority(incident));
    open.set(severity, (open.get(severity) ?? 0) + 1);
  }
  const engine = active?.engine;
  return { alerts: engine?.counts.all(), incidents: { open, queued: engine?.queued ?? 0, escalations: engine?.escalations ?? new Map() } };
}
