import type { CircuitState } from '../core/event.ts';
import type { Instruments } from './instruments.ts';
import { circuitValues, labelValues } from './label-values.ts';
import type { Subjects } from './subjects.ts';

/** What the policies of one upstream hold now. What is left out stays as events told it, or at 0. */
export interface UpstreamReading {
  /** The worst, where an upstream has several breakers. */
  readonly circuit?: CircuitState;
  readonly bulkheadInUse?: number;
  readonly bulkheadQueued?: number;
  readonly bulkheadLimit?: number;
  /** Share of the retry budget that is spent, from 0 to 1. */
  readonly retryBudgetUsed?: number;
  /** Share of failed calls in the breaker's window, from 0 to 1. */
  readonly circuitFailureRatio?: number;
}

/** What is read when somebody scrapes, because no event tells it. */
export interface Readings {
  readonly upstreams: ReadonlyMap<string, UpstreamReading>;
  /** Open sockets to each. */
  readonly connections?: ReadonlyMap<string, number>;
  /** What is left of the rate limits of each that tells, by kind. */
  readonly rateLimits?: ReadonlyMap<string, ReadonlyMap<string, { readonly limit: number; readonly remaining: number }>>;
  /** How often each subscriber of the journal threw: `Journal.errors`. */
  readonly journalErrors?: ReadonlyMap<string, number>;
  /** Lines of the log that were dropped: `Log.dropped`. */
  readonly logLinesDropped?: number;
  readonly cache?: { readonly entries: number; readonly bytes: number; readonly evicted: number };
  readonly agents?: { readonly running: number; readonly paused: number };
  readonly liveJournal?: { readonly clients: number; readonly dropped: number };
  readonly config?: { readonly hash: string; readonly appliedAtMs: number };
  /** Of each check of health: 0 healthy, 1 warning, 2 critical. */
  readonly health?: ReadonlyMap<string, number>;
  readonly disk?: { readonly freeBytes: number; readonly sizeBytes: number } | undefined;
  /** Share of its time that the event loop is busy, from 0 to 1. */
  readonly loopUtilization?: number;
  /** Messages of alerts by channel and by what came of them. */
  readonly alerts?: ReadonlyMap<string, Readonly<Record<'ok' | 'error' | 'suppressed' | 'deduplicated', number>>> | undefined;
  readonly incidents?: {
    /** By how bad they are. */
    readonly open: ReadonlyMap<string, number>;
    /** Messages that wait. */
    readonly queued: number;
    /** Steps that were taken, by level from 1. */
    readonly escalations: ReadonlyMap<number, number>;
  };
  /** Spans that were dropped, by reason. */
  readonly spansDropped?: Readonly<Record<string, number>> | undefined;
}

/** Puts the readings into their series. Upstreams that the configuration in force does not name are left out. */
export function applyReadings(readings: Readings, { gauges, counters }: Instruments, subjects: Subjects): void {
  for (const [upstream, reading] of readings.upstreams) {
    if (!subjects.isCurrent(upstream)) continue;
    const { circuit, bulkheadInUse, bulkheadQueued, bulkheadLimit, retryBudgetUsed, circuitFailureRatio } = reading;
    if (circuit !== undefined) gauges.circuitState.at(upstream).value = circuitValues[circuit];
    if (bulkheadInUse !== undefined) gauges.bulkheadInUse.at(upstream).value = bulkheadInUse;
    if (bulkheadQueued !== undefined) gauges.bulkheadQueue.at(upstream).value = bulkheadQueued;
    if (bulkheadLimit !== undefined) gauges.bulkheadLimit.at(upstream).value = bulkheadLimit;
    if (circuitFailureRatio !== undefined) gauges.circuitFailureRatio.at(upstream).value = circuitFailureRatio;
    if (retryBudgetUsed !== undefined) gauges.retryBudgetUsed.at(upstream).value = retryBudgetUsed;
  }
  for (const [upstream, sockets] of readings.connections ?? []) {
    if (subjects.isCurrent(upstream)) gauges.upstreamConnections.at(upstream).value = sockets;
  }
  applyRateLimits(readings, gauges, subjects);
  for (const [channel, results] of readings.alerts ?? [])
    for (const [result, count] of Object.entries(results)) counters.alerts.at(channel, result).value = count;
  applyIncidents(readings, { gauges, counters });
  for (const [subscriber, count] of readings.journalErrors ?? []) counters.journalErrors.at(subscriber).value = count;
  applyProcess(readings, { gauges, counters });
  if (readings.logLinesDropped !== undefined) counters.logDropped.at().value = readings.logLinesDropped;
  for (const [reason, count] of Object.entries(readings.spansDropped ?? {})) counters.spansDropped.at(reason).value = count;
}

function applyRateLimits({ rateLimits }: Readings, { rateLimit, rateLimitRemaining }: Instruments['gauges'], subjects: Subjects): void {
  for (const [upstream, kinds] of rateLimits ?? []) {
    if (!subjects.isCurrent(upstream)) continue;
    for (const [kind, { limit, remaining }] of kinds) {
      rateLimit.at(upstream, kind).value = limit;
      rateLimitRemaining.at(upstream, kind).value = remaining;
    }
  }
}

function applyIncidents({ incidents }: Readings, { gauges, counters }: Pick<Instruments, 'gauges' | 'counters'>): void {
  if (!incidents) return;
  gauges.alertQueue.at().value = incidents.queued;
  for (const [severity, count] of incidents.open) gauges.openIncidents.at(severity).value = count;
  for (const [level, count] of incidents.escalations) counters.escalations.at(String(level)).value = count;
}

/** What belongs to no upstream. */
function applyProcess(readings: Readings, { gauges, counters }: Pick<Instruments, 'gauges' | 'counters'>): void {
  const { cache, agents, liveJournal, config, health, disk, loopUtilization } = readings;
  if (cache) {
    gauges.cacheEntries.at().value = cache.entries;
    gauges.cacheBytes.at().value = cache.bytes;
    counters.cacheEvictions.at().value = cache.evicted;
  }
  if (agents) for (const state of labelValues.agentState) gauges.agents.at(state).value = agents[state];
  if (liveJournal) {
    gauges.eventStreamClients.at().value = liveJournal.clients;
    counters.eventStreamDropped.at().value = liveJournal.dropped;
  }
  if (config) {
    gauges.configInfo.retain(({ hash }) => hash === config.hash);
    gauges.configInfo.at(config.hash).value = 1;
    gauges.configApplied.at().value = config.appliedAtMs / 1000;
  }
  for (const [check, status] of health ?? []) gauges.health.at(check).value = status;
  if (disk) {
    gauges.diskFree.at().value = disk.freeBytes;
    gauges.diskSize.at().value = disk.sizeBytes;
  }
  if (loopUtilization !== undefined) gauges.loopUtilization.at().value = loopUtilization;
}
