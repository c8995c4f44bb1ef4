import type { RecordChange, StoredRecord } from '../store/records.ts';
import type { OutboxItem } from './channel-queue.ts';
import type { Digest } from './digests.ts';
import type { Group } from './groups.ts';
import type { Incident } from './incident.ts';
import type { RuleEvent } from './rule-events.ts';
import type { Silence } from './silences.ts';

/** What was stored by an earlier process, by kind. */
export interface AlertState {
  readonly incidents: readonly Incident[];
  readonly groups: readonly Group[];
  readonly outbox: readonly OutboxItem[];
  readonly digests: readonly Digest[];
  readonly silences: readonly Silence[];
}

/** After a start circuits are closed, and of health too little is known: nobody tells that these are over. */
const untoldAfterStart: ReadonlySet<RuleEvent> = new Set(['circuit-open', 'health']);
const startQuietMs = 300_000;

/** The records of the alerts among all others, as they were written. */
export function readState(records: readonly StoredRecord[], nowMs: number): AlertState {
  const of = <T>(kind: string): T[] => records.filter((record) => record.kind === kind).map(({ value }) => value as T);
  const incidents = of<Incident>('incident').toSorted((a, b) => a.openedMs - b.openedMs);
  for (const incident of incidents) {
    if (incident.status === 'resolved' || !untoldAfterStart.has(incident.on)) continue;
    incident.quietMs = startQuietMs;
    incident.lastSeenMs = nowMs;
  }
  return {
    incidents,
    groups: of('group'),
    outbox: of<OutboxItem>('outbox').toSorted((a, b) => a.message.atMs - b.message.atMs),
    digests: of('digest'),
    silences: of('silence'),
  };
}

/** A silence as it is stored; without it, it is removed. */
export function silenceChange(id: string, silence?: Silence): RecordChange {
  return silence ? { kind: 'silence', id, value: silence } : { kind: 'silence', id };
}
