import type { Event } from '../core/event.ts';
import type { CallInfo } from '../core/journal.ts';
import type { Incident } from './incident.ts';
import type { IncidentBook } from './incident-book.ts';

type Deed = 'retried' | 'fell-back' | 'refused' | 'cached' | 'degraded';

const sentences: Readonly<Record<Deed, (count: number) => string>> = {
  retried: (count) => `made ${count} ${count === 1 ? 'retry' : 'retries'}`,
  'fell-back': (count) => `moved ${calls(count)} on to a fallback`,
  refused: (count) => `refused ${count} attempts at once because the circuit is open`,
  cached: (count) => `answered ${calls(count)} from the cache`,
  degraded: (count) => `answered ${calls(count)} with a message of its own`,
};

/** More incidents of one upstream are not kept account for. */
const incidentsLimit = 20;

/** Writes down in the incidents of an upstream what the sidecar does for it. */
export function recordDeed(event: Event, call: CallInfo | undefined, book: IncidentBook): void {
  if (event.kind === 'retry') add(book, event.upstream, 'retried');
  else if (event.kind === 'fallback') add(book, event.from, 'fell-back');
  else if (event.kind === 'circuit-refused') add(book, event.upstream, 'refused');
  else if (event.kind === 'cache' && event.result === 'stale' && call) add(book, call.upstream, 'cached');
  else if (event.kind === 'degraded' && call) add(book, call.upstream, 'degraded');
  else if (event.kind === 'fallback-exhausted') fail(book, event.upstream);
  else if (event.kind === 'circuit' && event.from === 'half-open' && event.to === 'open') fail(book, event.upstream);
}

/** What the sidecar has done, a sentence each. */
export function deedsOf({ did, on }: Incident): string[] {
  const done = (Object.keys(sentences) as Deed[]).flatMap((deed) => (did[deed] ? [sentences[deed](did[deed])] : []));
  if (on === 'agent-paused') done.unshift('paused the agent: its calls get 423 until it is resumed');
  if (on === 'circuit-open')
    done.unshift('opened the circuit: calls go to fallbacks or are refused at once, and probes tell when it is over');
  if (on === 'config-rejected') done.unshift('kept the configuration in force');
  return done;
}

function add(book: IncidentBook, upstream: string, deed: Deed): void {
  each(book, upstream, ({ did }) => {
    did[deed] = (did[deed] ?? 0) + 1;
  });
}

function fail(book: IncidentBook, upstream: string): void {
  each(book, upstream, (incident) => {
    incident.failedRecoveries += 1;
  });
}

function each(book: IncidentBook, upstream: string, act: (incident: Incident) => void): void {
  let count = 0;
  for (const incident of book.openAt(upstream)) {
    if (++count > incidentsLimit) return;
    act(incident);
    book.touchLater(incident);
  }
}

function calls(count: number): string {
  return count === 1 ? '1 call' : `${count} calls`;
}
