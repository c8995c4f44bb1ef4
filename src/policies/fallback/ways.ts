import type { Handler } from '../../core/exchange.ts';
import { type PolicyContext, stack } from '../../core/policy.ts';
import { createRetry, type RetrySettings, retrySettings } from '../retry.ts';
import { createRoute } from '../route.ts';
import type { TimeoutSettings } from '../timeout.ts';
import { type FallbackEntry, targetOf } from './entry.ts';
import { createModelWatch } from './watch-models.ts';

/** What the entries of a fallback share with the policy set that they stand in. */
export interface WaySettings {
  readonly retry?: RetrySettings | undefined;
  readonly timeout?: TimeoutSettings | undefined;
  /** Whether the policy set has a breaker that acts. */
  readonly breaks?: boolean;
}

/**
 * How each entry's target is reached, in the order of the entries: what stands inside of the fallback on the way to the
 * route's own upstream, with the entry's settings. `attempts` makes the stack of an upstream with the given timeout.
 */
export function fallbackWays(
  entries: readonly FallbackEntry[],
  home: string,
  set: WaySettings,
  context: PolicyContext,
  attempts: (upstream: string, timeout: TimeoutSettings | undefined) => Handler,
): Handler[] {
  return entries.map((entry) => {
    const { upstream } = targetOf(entry, home);
    const route = createRoute(new Map([[upstream, attempts(upstream, entry.timeout ?? set.timeout)]]), context.clock);
    const retry = retryOf(entry, set);
    const policies = retry ? [createRetry(retry, context, set), createModelWatch(context)] : [createModelWatch(context)];
    return stack(policies, route);
  });
}

function retryOf({ retry }: FallbackEntry, set: WaySettings): RetrySettings | undefined {
  return retry ? { ...retry, budget: set.retry?.budget ?? retrySettings.parse({}).budget } : set.retry;
}
