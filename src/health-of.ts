import type { ActiveAlerts } from './alerts-of.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import type { CircuitState } from './core/event.ts';
import { HealthAlerts } from './health-alerts.ts';
import type { Records, RecordsHealth } from './store/records.ts';
import { Health } from './telemetry/health/health.ts';
import { createMachine, type MachineReading } from './telemetry/health/machine.ts';
import type { UpstreamReading } from './telemetry/readings.ts';

export interface HealthSources {
  readonly clock: Clock;
  /** Undefined where none are configured. */
  alerts(): ActiveAlerts | undefined;
  readings(): ReadonlyMap<string, UpstreamReading>;
  readonly store: Pick<Records, 'health'>;
  /** What all processes of the sidecar take, given what this one does. */
  machine?(own: MachineReading): MachineReading;
}

/** What watches over a sidecar that begins with this configuration. */
export function createHealth({ health: settings, upstreams, state }: Config, sources: HealthSources): Health {
  const told = new HealthAlerts();
  const circuitOf = ([upstream, { circuit }]: readonly [string, UpstreamReading]) => [upstream, circuit ?? 'closed'] as const;
  // A running process keeps its state directory.
  const own = createMachine(state.dir);
  const read = () => sources.machine?.(own.read()) ?? own.read();
  return new Health({
    clock: sources.clock,
    settings,
    upstreams: Object.keys(upstreams),
    machine: { ...own, read },
    circuits: (): ReadonlyMap<string, CircuitState> => new Map([...sources.readings()].map(circuitOf)),
    alerts: () => deliveries(sources.alerts()),
    alertsInMemory: () => memoryReason(sources.store.health()),
    judged: (report) => told.judge(report, sources.alerts()),
  });
}

/** Messages of alerts since the start. */
function deliveries(active: ActiveAlerts | undefined): { readonly sent: number; readonly failed: number } {
  const total = { sent: 0, failed: 0 };
  for (const { ok, error } of active?.engine.counts.all().values() ?? []) {
    total.sent += ok;
    total.failed += error;
  }
  return total;
}

function memoryReason(health: RecordsHealth): string | undefined {
  return health.persistent ? undefined : health.reason;
}
