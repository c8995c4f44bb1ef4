/** A policy set like the packaged one, with waits that a test can afford. */
export const policies = {
  deadline: '30s',
  timeout: { connect: '5s', firstByte: '10s', idle: '10s', hold: '5s' },
  retry: { attempts: 3, backoff: { base: '10ms', max: '50ms' } },
  circuitBreaker: {},
  bulkhead: {},
};

/** Both the sidecar that only passes on and the one whose policies find nothing to do must not be noticed. */
export const withAndWithout = [
  ['without policies', undefined],
  ['with policies', policies],
] as const;
