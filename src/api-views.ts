import type { Generation } from './generations.ts';
import type { Stacks } from './stacks.ts';
import type { UpstreamReading } from './telemetry/readings.ts';
import { redactValue } from './telemetry/redact.ts';

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
export function upstreamViews(
  { loaded }: Generation,
  readings: ReadonlyMap<string, UpstreamReading>,
  sockets: ReadonlyMap<string, number>,
): unknown {
  return Object.entries(loaded.config.upstreams).map(([name, { url, dialect }]) => ({
    name,
    url,
    dialect,
    sockets: sockets.get(name) ?? 0,
    ...readings.get(name),
  }));
}
