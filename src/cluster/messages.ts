import type { AgentRecord } from '../agents/directory.ts';
import type { Pause } from '../agents/pauses.ts';
import type { KeptRelease } from '../agents/releases.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Problem } from '../config/problem.ts';
import type { Event } from '../core/event.ts';
import type { CallInfo } from '../core/journal.ts';
import type { StoredAnswer } from '../policies/cache/stored-answer.ts';
import type { CircuitSnapshot } from '../policies/circuit.ts';
import type { Ends } from '../proxy/own-connections.ts';
import type { MachineReading } from '../telemetry/health/machine.ts';
import type { SeriesDelta } from '../telemetry/metric-deltas.ts';
import type { Readings } from '../telemetry/readings.ts';

/** A circuit that has changed its state, as the worker in `slot` has it. */
export interface CircuitNews {
  readonly slot: number;
  readonly upstream: string;
  /** Where it is the circuit of one model. */
  readonly model: string | undefined;
  readonly snapshot: CircuitSnapshot;
}

/** An answer for the caches of one policy set. Its age is in milliseconds, as clocks of processes have zeros of their own. */
export interface SharedAnswer {
  readonly set: string;
  readonly key: string;
  readonly answer: StoredAnswer;
  readonly ageMs: number;
}

/** Which events the primary has a use for: none, those of alerts, or all, because somebody reads them live. */
export type Wanted = 'none' | 'alerts' | 'all';

/** A call that an event is about, as it is told to another process. */
export interface RelayedCall extends Pick<CallInfo, 'id' | 'agent' | 'session' | 'route' | 'upstream' | 'method'> {
  /** How long it has run. */
  readonly ms: number;
  readonly ledger: string;
}

/** An event and its call. */
export type RelayedEvent = readonly [event: Event, call: RelayedCall | undefined];

/** What a worker knows and no event tells. */
export type WorkerReadings = Pick<
  Readings,
  'upstreams' | 'connections' | 'rateLimits' | 'cache' | 'journalErrors' | 'logLinesDropped' | 'spansDropped'
>;

/** A connection that a worker has opened to an address with the proxy's port: it may be one to the proxy itself. */
export interface OwnConnection {
  readonly slot: number;
  /** From 1, of the worker; 0 for all of a worker that is gone. */
  readonly id: number;
  /** Undefined once it is closed. */
  readonly ends: Ends | undefined;
}

/** What has happened in a worker since its last report, and how it is. */
export interface WorkerReport {
  readonly metrics: readonly SeriesDelta[];
  readonly agents: readonly AgentRecord[];
  /** Of each call that was answered: milliseconds to the head. */
  readonly headsMs: readonly number[];
  readonly readings: WorkerReadings;
  readonly machine: MachineReading;
  /** What the process is, in Prometheus' text format; for a scrape. */
  readonly process?: string;
  /** What each policy of each stack knows, as JSON; where it was asked for. */
  readonly policies?: unknown;
}

/** What a report holds beside what every report does. */
export type Further = 'nothing' | 'policies' | 'process';

/** What a worker begins with: all that the others have. */
export interface WorkerStart {
  readonly kind: 'start';
  readonly loaded: LoadedConfig;
  /** From 0; the one that takes the place of another has its slot. */
  readonly slot: number;
  readonly workers: number;
  /** What callers are tagged with, and what keys of caches are made with. */
  readonly callerSecret: Uint8Array;
  readonly cacheSecret: Uint8Array;
  readonly pauses: readonly Pause[];
  readonly releases: readonly KeptRelease[];
  readonly circuits: readonly CircuitNews[];
  readonly wanted: Wanted;
}

/** From the primary to a worker. */
export type ToWorker =
  | WorkerStart
  | { readonly kind: 'configure'; readonly loaded: LoadedConfig }
  | { readonly kind: 'report'; readonly id: number; readonly more: Further }
  | { readonly kind: 'wanted'; readonly wanted: Wanted }
  | { readonly kind: 'pause'; readonly pause: Pause }
  | { readonly kind: 'resume'; readonly pause: Pause; readonly note: string | undefined }
  | { readonly kind: 'note-taken'; readonly key: string }
  | ({ readonly kind: 'circuit' } & CircuitNews)
  | ({ readonly kind: 'answer' } & SharedAnswer)
  | ({ readonly kind: 'own-connection' } & OwnConnection)
  | { readonly kind: 'drain'; readonly timeoutMs: number };

/** From a worker to the primary. */
export type FromWorker =
  | { readonly kind: 'listening'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly syscall: string | undefined;
      readonly problems: readonly Problem[] | undefined;
    }
  | { readonly kind: 'report'; readonly id: number; readonly report: WorkerReport }
  | { readonly kind: 'pause'; readonly pause: Pause }
  | { readonly kind: 'note-taken'; readonly key: string }
  | ({ readonly kind: 'circuit' } & CircuitNews)
  | ({ readonly kind: 'answer' } & SharedAnswer)
  | ({ readonly kind: 'own-connection' } & OwnConnection)
  | { readonly kind: 'events'; readonly events: readonly RelayedEvent[] };
