import type { Clock } from '../core/clock.ts';
import type { Event, EventKind } from '../core/event.ts';
import type { CallInfo, Subscriber } from '../core/journal.ts';
import type { RelayedCall, RelayedEvent, Wanted } from './messages.ts';

/** What alerts are made of. */
const alerting: ReadonlySet<EventKind> = new Set([
  'circuit',
  'circuit-refused',
  'attempt-answered',
  'retry',
  'retry-given-up',
  'fallback',
  'fallback-exhausted',
  'bulkhead-rejected',
  'loop-detected',
  'agent-paused',
  'stream-broken',
  'fault-injected',
  'cache',
  'degraded',
  'committed',
  'call-ended',
]);

const batchMs = 100;
/** More in one batch are dropped. */
const batchEvents = 5000;

/** Tells events to another process, some at a time. Costs nothing while nobody wants them. */
export class EventRelay implements Subscriber {
  readonly name = 'relay';
  wanted: Wanted = 'none';
  readonly #clock: Clock;
  readonly #send: (events: readonly RelayedEvent[]) => void;
  #batch: RelayedEvent[] = [];

  constructor(clock: Clock, send: (events: readonly RelayedEvent[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  on(event: Event, call: CallInfo | undefined): void {
    if (this.wanted === 'none' || (this.wanted === 'alerts' && !isForAlerts(event))) return;
    if (this.#batch.length >= batchEvents) return;
    if (this.#batch.length === 0) this.#clock.timer(batchMs, () => this.flush());
    this.#batch.push([told(event), call && this.#callOf(event, call)]);
  }

  /** Tells what waits. */
  flush(): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#send(batch);
  }

  #callOf({ kind }: Event, call: CallInfo): RelayedCall {
    const { id, agent, session, route, upstream, method, startedAt } = call;
    const ledger = kind === 'committed' ? '' : call.ledger();
    return { id, agent, session, route, upstream, method, ms: this.#clock.now() - startedAt, ledger };
  }
}

/** The call as it stands in the journal of the process that was told. */
export function relayedCall({ ms, ledger, ...call }: RelayedCall, clock: Clock): CallInfo {
  return { ...call, startedAt: clock.now() - ms, ledger: () => ledger };
}

function isForAlerts(event: Event): boolean {
  if (event.kind === 'attempt-answered') return event.verdict !== 'ok';
  if (event.kind === 'cache') return event.result === 'stale';
  return alerting.has(event.kind);
}

/** Anything may hang on an error: its text alone can be told for sure. */
function told(event: Event): Event {
  return event.kind === 'bug' ? { ...event, error: String(event.error) } : event;
}
