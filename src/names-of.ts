import type { LoadedConfig } from './config/load.ts';
import type { ConfiguredNames } from './telemetry/subjects.ts';

/** The names of a configuration that stand in labels of metrics. */
export function namesOf({ config }: LoadedConfig): ConfiguredNames {
  return { upstreams: Object.keys(config.upstreams), routes: config.routes, agents: Object.keys(config.agents) };
}
