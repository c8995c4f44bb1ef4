import type { HeadSampling } from './environment.ts';
import type { TraceContext } from './trace-context.ts';

/** Digits of a trace id that are random by W3C Trace Context, level 2: the last 56 bits. */
const randomDigits = 14;
const randomRange = 2 ** 56;

/**
 * Whether a trace is sampled before anything is known of its call: as the caller has decided, where that holds, else by
 * its id, so that all who sample the same share of one trace decide alike.
 */
export function headDecision(traceId: string, parent: TraceContext | undefined, { ratio, parentBased }: HeadSampling): boolean {
  if (parent && parentBased) return parent.sampled;
  if (ratio >= 1 || ratio <= 0) return ratio >= 1;
  return Number.parseInt(traceId.slice(-randomDigits), 16) >= (1 - ratio) * randomRange;
}
