/** What is mutated together, and the tests that must notice: those of the policy itself, not whatever else runs over it. */
export interface Group {
  /** Files below src/policies. */
  readonly files: readonly string[];
  /** Patterns below test/policies, without `.test.ts`. */
  readonly tests: readonly string[];
}

/** Tests of what all policies have in common. */
export const common = ['settings', 'state-names', 'policy-names'] as const;

export const groups: Readonly<Record<string, Group>> = {
  circuit: {
    files: ['circuit.ts', 'circuits.ts', 'circuit-breaker.ts', 'failure-window.ts'],
    tests: ['circuit*', 'failure-window'],
  },
  retry: {
    files: ['retry.ts', 'retry-learning.ts', 'retry-budget.ts', 'resend-safety.ts', 'must-be-told.ts', 'backoff/*.ts'],
    tests: ['retry*', 'backoff', 'adjust*'],
  },
  bulkhead: {
    files: ['bulkhead.ts', 'bulkhead-limit.ts', 'bulkhead-learning.ts', 'places.ts', 'places-queue.ts'],
    tests: ['bulkhead*', 'circuit-queue'],
  },
  cache: {
    files: ['cache.ts', 'cache/*.ts'],
    tests: ['cache*'],
  },
  gate: {
    files: ['gate.ts', 'guarded.ts', 'watched.ts', 'followed-body.ts', 'held-body.ts', 'route.ts', 'with-headers.ts'],
    tests: ['gate*', 'guarded', 'watched', 'held-body', 'with-headers', 'route'],
  },
  timeout: {
    files: [
      'timeout.ts',
      'timeout-keep-alive.ts',
      'timeout-rate.ts',
      'observe-limits.ts',
      'silence-timer.ts',
      'deadline.ts',
      'until-aborted.ts',
    ],
    tests: ['timeout*', 'silence-timer', 'deadline', 'gate-silence', 'retry-safety', 'until-aborted'],
  },
  chaos: {
    files: ['chaos.ts', 'chaos/*.ts'],
    tests: ['chaos*'],
  },
  fallback: {
    files: ['fallback.ts', 'fallback/{best-outcome,entry,findings,model-health,plan-move,watch-models,ways}.ts', 'is-target-refusal.ts'],
    tests: ['fallback*', 'cache-fallback'],
  },
  degrade: {
    files: ['degrade.ts', 'degraded-sentences.ts', 'replaceable-verdicts.ts'],
    tests: ['degrade', 'cache-fallback'],
  },
};
