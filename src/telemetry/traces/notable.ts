import type { CallOutcome, Event, EventKind } from '../../core/event.ts';
import type { NotableKind } from './settings.ts';

const byEvent: Readonly<Partial<Record<EventKind, NotableKind>>> = {
  retry: 'retry',
  fallback: 'fallback',
  'fallback-exhausted': 'fallback',
  'loop-detected': 'loop',
  'agent-paused': 'loop',
  'stream-broken': 'error',
  bug: 'error',
};

const failed: ReadonlySet<CallOutcome> = new Set(['client-error', 'upstream-error', 'timeout', 'refused', 'degraded']);

/** What an event makes of its call: an error, a retry, a fallback or a loop; undefined where it is nothing out of the common. */
export function notableKind(event: Event): NotableKind | undefined {
  if (event.kind === 'cache') return event.result === 'stale' ? 'error' : undefined;
  if (event.kind !== 'call-ended') return byEvent[event.kind];
  if (event.outcome === 'paused') return 'loop';
  return failed.has(event.outcome) ? 'error' : undefined;
}
