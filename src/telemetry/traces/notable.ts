import type { CallOutcome, Event } from '../../core/event.ts';
import type { NotableKind } from './settings.ts';

const failed: ReadonlySet<CallOutcome> = new Set(['client-error', 'upstream-error', 'timeout', 'refused', 'degraded']);

/** What an event makes of its call: an error, a retry, a fallback or a loop; undefined where it is nothing out of the common. */
export function notableKind(event: Event): NotableKind | undefined {
  switch (event.kind) {
    case 'retry':
      return 'retry';
    case 'fallback':
    case 'fallback-exhausted':
      return 'fallback';
    case 'loop-detected':
    case 'agent-paused':
      return 'loop';
    case 'stream-broken':
    case 'bug':
      return 'error';
    case 'cache':
      return event.result === 'stale' ? 'error' : undefined;
    case 'call-ended':
      return event.outcome === 'paused' ? 'loop' : failed.has(event.outcome) ? 'error' : undefined;
    default:
      return undefined;
  }
}
