import type { LoadedConfig } from './config/load.ts';
import type { PolicyContext } from './core/policy.ts';
import type { UpstreamConnections } from './proxy/upstream.ts';
import type { Stacks } from './stacks.ts';
import { readUpstreams } from './upstream-readings.ts';

/** `/api/policies`: what each policy of each stack knows now, outermost first. */
export function policyViews({ views }: Stacks): unknown {
  return views.map(({ policies, ...where }) => ({
    ...where,
    policies: policies.map((policy) => ({ name: policy.name, state: policy.inspect?.() ?? null })),
  }));
}

/** `/api/upstreams`: where each upstream is and how its breaker, its places and its sockets are. */
export function upstreamViews(
  { config }: LoadedConfig,
  context: PolicyContext,
  connections: ReadonlyMap<string, UpstreamConnections>,
): unknown {
  const readings = readUpstreams(Object.keys(config.upstreams), context);
  return Object.entries(config.upstreams).map(([name, { url, dialect }]) => ({
    name,
    url,
    dialect,
    sockets: connections.get(name)?.sockets ?? 0,
    ...readings.get(name),
  }));
}
