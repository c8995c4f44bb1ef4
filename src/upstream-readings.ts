import type { PolicyContext } from './core/policy.ts';
import { circuitsOf } from './policies/circuits.ts';
import { placesOf } from './policies/places.ts';
import { retryBudgetOf } from './policies/retry-budget.ts';
import type { StackView } from './stacks.ts';
import type { UpstreamReading } from './telemetry/readings.ts';

/**
 * What breakers, bulkheads and retry budgets hold now, for the gauges. Where the stacks in force have none for an upstream, there is no
 * limit and no circuit, whatever is left of an earlier configuration.
 */
export function readUpstreams(
  upstreams: readonly string[],
  views: readonly StackView[],
  context: PolicyContext,
): ReadonlyMap<string, UpstreamReading> {
  return new Map(
    upstreams.map((upstream) => {
      const policies = new Set(views.filter((view) => view.upstream === upstream).flatMap((view) => view.policies.map(({ name }) => name)));
      const { inUse, queued, limit } = placesOf(context, upstream).inspect();
      return [
        upstream,
        {
          circuitFailureRatio: policies.has('circuitBreaker') ? circuitsOf(context, upstream).failureRatio : 0,
          circuit: policies.has('circuitBreaker') ? circuitsOf(context, upstream).worst : 'closed',
          bulkheadInUse: inUse,
          bulkheadQueued: queued,
          bulkheadLimit: policies.has('bulkhead') ? limit : 0,
          retryBudgetUsed: retryBudgetOf(context, upstream).used,
        },
      ];
    }),
  );
}
