/** What became of one attempt, as policies are configured by it. The list is data for schemas and metrics. */
export const verdicts = [
  'ok',
  'client-error',
  'auth',
  'rate-limited',
  'quota-exhausted',
  'overloaded',
  'server-error',
  'network',
  'timeout',
  'context-length',
  'content-filter',
  'model-unavailable',
  'invalid-output',
  'tool-error',
  'cancelled',
  'refused',
] as const;

/** `refused` is a refusal of our own (breaker open, bulkhead full, paused) and never counts against an upstream. */
export type Verdict = (typeof verdicts)[number];

/** Where a reply came from. */
export type Origin = 'upstream' | 'cache' | 'degraded' | 'chaos' | 'ourselves';
