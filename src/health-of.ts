import type { Config } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import type { CircuitState } from './core/event.ts';
import { Health } from './telemetry/health/health.ts';
import { createMachine } from './telemetry/health/machine.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { UpstreamReading } from './telemetry/readings.ts';

export interface HealthSources {
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'alertDeliveries'>;
  readings(): ReadonlyMap<string, UpstreamReading>;
}

/** What watches over a sidecar that begins with this configuration. */
export function createHealth({ health: settings, upstreams, state }: Config, sources: HealthSources): Health {
  const circuitOf = ([upstream, { circuit }]: readonly [string, UpstreamReading]) => [upstream, circuit ?? 'closed'] as const;
  return new Health({
    clock: sources.clock,
    settings,
    upstreams: Object.keys(upstreams),
    // A running process keeps its state directory.
    machine: createMachine(state.dir),
    circuits: (): ReadonlyMap<string, CircuitState> => new Map([...sources.readings()].map(circuitOf)),
    alerts: () => sources.metrics.alertDeliveries(),
  });
}
