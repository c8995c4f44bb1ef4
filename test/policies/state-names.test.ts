import { expect, test } from 'vitest';
import type { PolicyContext } from '../../src/core/policy.ts';
import { StateRegistry } from '../../src/core/state.ts';
import { AnswerStore } from '../../src/policies/cache/answer-store.ts';
import { cacheSettings, createCache } from '../../src/policies/cache.ts';
import { chaosRun } from '../../src/policies/chaos/chaos-run.ts';
import { chaosSettings } from '../../src/policies/chaos/settings.ts';
import { Circuits, circuitsOf } from '../../src/policies/circuits.ts';
import { ModelHealth, modelHealthOf } from '../../src/policies/fallback/model-health.ts';
import { Places, placesOf } from '../../src/policies/places.ts';
import { RetryBudget, retryBudgetOf } from '../../src/policies/retry-budget.ts';
import { RetryLearning, retryLearningOf } from '../../src/policies/retry-learning.ts';
import { context } from './kit.ts';

const cache = (given: PolicyContext) =>
  createCache(cacheSettings.parse({}), { set: 'llm', server: 'https://llm.example', responseHeaders: true }, given);

// A reload forgets state by these names: under another one it would stay for ever, and be lost where it should stay.
test.each<[policy: string, subject: string, make: (context: PolicyContext) => unknown, kind: new (...given: never[]) => unknown]>([
  ['retry', 'main', (given) => retryBudgetOf(given, 'main'), RetryBudget],
  ['retry (observed)', 'main', (given) => retryBudgetOf(given, 'main', true), RetryBudget],
  ['retry learning', 'main', (given) => retryLearningOf(given, 'main'), RetryLearning],
  ['circuitBreaker', 'main', (given) => circuitsOf(given, 'main'), Circuits],
  ['bulkhead', 'main', (given) => placesOf(given, 'main'), Places],
  ['fallback', 'main', (given) => modelHealthOf(given, 'main'), ModelHealth],
  ['chaos', 'main', (given) => chaosRun(chaosSettings.parse({ enabled: true, faults: [{ kind: 'refuse' }] }), 'main', given), Map],
  ['cache', 'llm', cache, AnswerStore],
  ['cache key', 'install', cache, String],
])('what is kept of %s stands under that name, for %s', (policy, subject, make, kind) => {
  const { state } = new StateRegistry();
  make({ ...context(), state });
  expect(Object(state<unknown>(policy, subject, () => undefined))).toBeInstanceOf(kind);
});
