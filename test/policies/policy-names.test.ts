import { expect, test } from 'vitest';
import type { Policy } from '../../src/core/policy.ts';
import { bulkheadSettings, createBulkhead } from '../../src/policies/bulkhead.ts';
import { cacheSettings, createCache } from '../../src/policies/cache.ts';
import { chaosSettings } from '../../src/policies/chaos/settings.ts';
import { createChaos } from '../../src/policies/chaos.ts';
import { createDeadline } from '../../src/policies/deadline.ts';
import { createDegrade, degradeSettings } from '../../src/policies/degrade.ts';
import { createModelWatch } from '../../src/policies/fallback/watch-models.ts';
import { createGate } from '../../src/policies/gate.ts';
import { createGuarded } from '../../src/policies/guarded.ts';
import { createRetry, retrySettings } from '../../src/policies/retry.ts';
import { createTimeout, timeoutSettings } from '../../src/policies/timeout.ts';
import { createMinimumRate } from '../../src/policies/timeout-rate.ts';
import { breaker } from './circuit-breaker-kit.ts';
import { fallback } from './fallback-kit.ts';
import { context } from './kit.ts';

const place = { set: 'llm', server: 'https://llm.example', responseHeaders: true };

// The admin API lists policies by these names.
test.each<[name: string, policy: Policy]>([
  ['guarded', createGuarded()],
  ['degrade', createDegrade(degradeSettings.parse({}), place, context())],
  ['cache', createCache(cacheSettings.parse({}), place, context())],
  ['deadline', createDeadline(1000, context())],
  ['fallback', fallback([], []).policy],
  ['retry', createRetry(retrySettings.parse({}), context())],
  ['modelHealth', createModelWatch(context())],
  ['circuitBreaker', breaker(context())],
  ['bulkhead', createBulkhead(bulkheadSettings.parse({}), 'main', context())],
  ['timeout', createTimeout(timeoutSettings.parse({}), context())],
  ['gate', createGate({ holds: true }, context())],
  ['minimumRate', createMinimumRate({ minimumRate: 1, observe: false }, context())],
  ['chaos', createChaos(chaosSettings.parse({}), 'main', context())],
])('a policy is listed as %s', (name, policy) => {
  expect(policy.name).toBe(name);
});
