import type { Verdict } from '../core/verdict.ts';

/**
 * Failures in whose place something else may be given: another target's answer, a stored one or a sentence. Never what the
 * caller did wrong or wanted.
 */
export const replaceableVerdicts = [
  'rate-limited',
  'quota-exhausted',
  'overloaded',
  'server-error',
  'network',
  'timeout',
  'model-unavailable',
  'context-length',
  'invalid-output',
] as const satisfies readonly Verdict[];
