import type { PolicyContext } from './core/policy.ts';
import { circuitsOf } from './policies/circuits.ts';
import { placesOf } from './policies/places.ts';
import type { UpstreamReading } from './telemetry/readings.ts';

/** What breakers and bulkheads hold now, for the gauges. */
export function readUpstreams(upstreams: readonly string[], context: PolicyContext): ReadonlyMap<string, UpstreamReading> {
  return new Map(
    upstreams.map((upstream) => {
      const { inUse, queued, limit } = placesOf(context, upstream).inspect();
      return [
        upstream,
        { circuit: circuitsOf(context, upstream).worst, bulkheadInUse: inUse, bulkheadQueued: queued, bulkheadLimit: limit },
      ];
    }),
  );
}
