import type { ActiveAlerts } from './alerts-of.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import type { CircuitState } from './core/event.ts';
import { HealthAlerts } from './health-alerts.ts';
import { Health } from './telemetry/health/health.ts';
import { createMachine } from './telemetry/health/machine.ts';
import type { UpstreamReading } from './telemetry/readings.ts';

export interface HealthSources {
  readonly clock: Clock;
  /** Undefined where none are configured. */
  alerts(): ActiveAlerts | undefined;
  readings(): ReadonlyMap<string, UpstreamReading>;
}

/** What watches over a sidecar that begins with this configuration. */
export function createHealth({ health: settings, upstreams, state }: Config, sources: HealthSources): Health {
  const told = new HealthAlerts();
  const circuitOf = ([upstream, { circuit }]: readonly [string, UpstreamReading]) => [upstream, circuit ?? 'closed'] as const;
  return new Health({
    clock: sources.clock,
    settings,
    upstreams: Object.keys(upstreams),
    // A running process keeps its state directory.
    machine: createMachine(state.dir),
    circuits: (): ReadonlyMap<string, CircuitState> => new Map([...sources.readings()].map(circuitOf)),
    alerts: () => deliveries(sources.alerts()),
    alertsInMemory: () => memoryReason(sources.alerts()),
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

function memoryReason(active: ActiveAlerts | undefined): string | undefined {
  const health = active?.records.health();
  return health?.persistent === false ? health.reason : undefined;
}
