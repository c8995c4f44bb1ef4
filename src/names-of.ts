import { fallbackNames } from './config/fallback-targets.ts';
import type { LoadedConfig } from './config/load.ts';
import type { Server } from './telemetry/conventions/recorder.ts';
import type { ConfiguredNames } from './telemetry/subjects.ts';
import { providerName } from './telemetry/traces/provider-name.ts';
import { upstreamFacts } from './telemetry/traces/upstream-facts.ts';

/** The names of a configuration that stand in labels of metrics. */
export function namesOf({ config }: LoadedConfig): ConfiguredNames {
  const { upstreams, routes, agents } = config;
  return {
    upstreams: Object.keys(upstreams),
    routes,
    agents: Object.keys(agents),
    servers: serversOf(upstreams),
    ...fallbackNames(config),
  };
}

function serversOf(upstreams: LoadedConfig['config']['upstreams']): ReadonlyMap<string, Server> {
  const entries = Object.entries(upstreams).map(([name, { url, dialect }]) => {
    const { host, port } = upstreamFacts(url, []);
    return [name, { address: host, port, provider: providerName(host, dialect === 'auto' ? 'http' : dialect) }] as const;
  });
  return new Map(entries);
}
