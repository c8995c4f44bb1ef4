import type { CircuitState } from '../../core/event.ts';
import type { MachineReading } from './machine.ts';
import type { HealthSettings } from './settings.ts';
import type { Traffic } from './traffic.ts';

/** Names of the checks, as they stand in the report and in the label of the metric. */
export type CheckName =
  | 'error-rate'
  | 'latency'
  | 'availability'
  | 'breakers'
  | 'cpu'
  | 'memory'
  | 'disk'
  | 'event-loop'
  | 'alert-delivery'
  | 'alert-store';

/** What one check has measured. */
export interface Measured {
  readonly name: CheckName;
  /** Undefined where there is nothing to judge by, such as too few calls. */
  readonly value: number | undefined;
  readonly unit: 'ratio' | 'seconds' | 'circuits';
  /** In the unit of the value; reached, the status begins. */
  readonly threshold: { readonly warning: number; readonly critical: number };
  /** Whom it is about, for people. */
  readonly detail?: string | undefined;
}

export interface Measurable {
  readonly traffic: Traffic;
  readonly machine: MachineReading;
  readonly circuits: ReadonlyMap<string, CircuitState>;
  /** Share of the alert messages of the window that failed; undefined where there were none. */
  readonly alertsFailed: number | undefined;
  /** Why incidents, alerts and pauses are in memory alone; undefined where they are on disk, or there are none. */
  readonly alertsInMemory: string | undefined;
}

/** Every check in the order in which people want to read them. */
export function measure({ traffic, machine, circuits, alertsFailed, alertsInMemory }: Measurable, settings: HealthSettings): Measured[] {
  const { minimum } = settings;
  const lowest = traffic.availability(minimum);
  const latencyMs = traffic.latencyMs(minimum);
  const tripped = [...circuits].filter(([, state]) => state !== 'closed');
  const { disk } = machine;
  return [
    { name: 'error-rate', value: traffic.errorRate(minimum), unit: 'ratio', threshold: settings.errorRate },
    { name: 'latency', value: latencyMs && latencyMs / 1000, unit: 'seconds', threshold: seconds(settings.latency) },
    { name: 'availability', value: lowest?.share, unit: 'ratio', threshold: settings.availability, detail: lowest?.upstream },
    {
      name: 'breakers',
      value: tripped.length,
      unit: 'circuits',
      threshold: settings.breakers,
      detail: tripped.map(([upstream, state]) => `${upstream} ${state}`).join(', ') || undefined,
    },
    { name: 'cpu', value: machine.cpu, unit: 'ratio', threshold: settings.cpu },
    { name: 'memory', value: machine.memory, unit: 'ratio', threshold: settings.memory },
    { name: 'disk', value: disk && 1 - disk.freeBytes / disk.sizeBytes, unit: 'ratio', threshold: settings.disk },
    { name: 'event-loop', value: machine.loopLagMs / 1000, unit: 'seconds', threshold: seconds(settings.eventLoop) },
    { name: 'alert-delivery', value: alertsFailed, unit: 'ratio', threshold: settings.alertDelivery },
    {
      name: 'alert-store',
      value: alertsInMemory === undefined ? 0 : 1,
      unit: 'ratio',
      // Alerts still go out: it is never worse than a warning.
      threshold: { warning: 1, critical: 2 },
      detail: alertsInMemory,
    },
  ];
}

/** Whether it falls or rises is told by which threshold is the lower one; availability alone falls. */
export function statusOf({ name, value, threshold: { warning, critical } }: Measured): 'healthy' | 'warning' | 'critical' {
  if (value === undefined) return 'healthy';
  const reached = (at: number) => (name === 'availability' ? value <= at : value >= at);
  if (reached(critical)) return 'critical';
  return reached(warning) ? 'warning' : 'healthy';
}

function seconds({ warning, critical }: Measured['threshold']): Measured['threshold'] {
  return { warning: warning / 1000, critical: critical / 1000 };
}
