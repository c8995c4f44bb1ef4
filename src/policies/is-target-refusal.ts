import type { Outcome } from '../core/outcome.ts';

/** Whether the breaker or the bulkhead of a target has refused the attempt. A pause and a shutdown concern the whole call. */
export function isTargetRefusal(outcome: Outcome): boolean {
  return outcome.kind === 'failure' && (outcome.code === 'circuit_open' || outcome.code === 'bulkhead_full');
}
