import type { CallInfo } from '../core/journal.ts';

/** The names that readers of logs look for traces by; undefined where no traces are made. */
export function traceOf({ trace }: CallInfo): { trace_id: string; span_id: string } | undefined {
  return trace && { trace_id: trace.traceId, span_id: trace.spanId };
}
