import { fallbackNames } from './config/fallback-targets.ts';
import type { LoadedConfig } from './config/load.ts';
import type { ConfiguredNames } from './telemetry/subjects.ts';

/** The names of a configuration that stand in labels of metrics. */
export function namesOf({ config }: LoadedConfig): ConfiguredNames {
  const { upstreams, routes, agents } = config;
  return { upstreams: Object.keys(upstreams), routes, agents: Object.keys(agents), ...fallbackNames(config) };
}
