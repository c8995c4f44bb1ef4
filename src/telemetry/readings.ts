import type { CircuitState } from '../core/event.ts';
import type { Instruments } from './instruments.ts';
import { circuitValues } from './label-values.ts';
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
}

/** What is read when somebody scrapes, because no event tells it. */
export interface Readings {
  readonly upstreams: ReadonlyMap<string, UpstreamReading>;
  /** How often each subscriber of the journal threw: `Journal.errors`. */
  readonly journalErrors?: ReadonlyMap<string, number>;
  /** Lines of the log that were dropped: `Log.dropped`. */
  readonly logLinesDropped?: number;
}

/** Puts the readings into their series. Upstreams that the configuration in force does not name are left out. */
export function applyReadings(readings: Readings, { gauges, counters }: Instruments, subjects: Subjects): void {
  for (const [upstream, reading] of readings.upstreams) {
    if (!subjects.isCurrent(upstream)) continue;
    const { circuit, bulkheadInUse, bulkheadQueued, bulkheadLimit, retryBudgetUsed } = reading;
    if (circuit !== undefined) gauges.circuitState.at(upstream).value = circuitValues[circuit];
    if (bulkheadInUse !== undefined) gauges.bulkheadInUse.at(upstream).value = bulkheadInUse;
    if (bulkheadQueued !== undefined) gauges.bulkheadQueue.at(upstream).value = bulkheadQueued;
    if (bulkheadLimit !== undefined) gauges.bulkheadLimit.at(upstream).value = bulkheadLimit;
    if (retryBudgetUsed !== undefined) gauges.retryBudgetUsed.at(upstream).value = retryBudgetUsed;
  }
  for (const [subscriber, count] of readings.journalErrors ?? []) counters.journalErrors.at(subscriber).value = count;
  if (readings.logLinesDropped !== undefined) counters.logDropped.at().value = readings.logLinesDropped;
}
