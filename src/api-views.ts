import type { PolicyContext } from './core/policy.ts';
import type { Generation } from './generations.ts';
import type { Stacks } from './stacks.ts';
import { redactValue } from './telemetry/redact.ts';
import { readUpstreams } from './upstream-readings.ts';

/** `/api/policies`: what each policy of each stack knows now, outermost first. */
export function policyViews({ views }: Stacks): unknown {
  const all = views.map(({ policies, ...where }) => ({
    ...where,
    policies: policies.map((policy) => ({ name: policy.name, state: policy.inspect?.() ?? null })),
  }));
  // Names of models are of the callers' making.
  return redactValue(all);
}

/** `/api/upstreams`: where each upstream is and how its breaker, its places and its sockets are. */
export function upstreamViews({ loaded, links, stacks }: Generation, context: PolicyContext): unknown {
  const { upstreams } = loaded.config;
  const readings = readUpstreams(Object.keys(upstreams), stacks.views, context);
  return Object.entries(upstreams).map(([name, { url, dialect }]) => ({
    name,
    url,
    dialect,
    sockets: links.get(name)?.connections?.sockets ?? 0,
    ...readings.get(name),
  }));
}
