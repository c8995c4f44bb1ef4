import type { Verdict } from '../core/verdict.ts';
import type { Histogram } from './histogram.ts';
import type { Instruments } from './instruments.ts';
import { otherLabel } from './label-interner.ts';
import { labelValues } from './label-values.ts';
import { ModelMetrics } from './model-metrics.ts';
import { recordOf } from './record-of.ts';
import type { Series } from './series.ts';

/** Stands for a label that the call does not give. */
const unknownLabel = 'unknown';

/** The series of one upstream, looked up once. */
export class UpstreamMetrics {
  readonly label: string;
  readonly attempts: Readonly<Record<Verdict, Series>>;
  readonly attemptSeconds: Histogram;
  readonly firstByteSeconds: Histogram;
  readonly overheadSeconds: Histogram;
  readonly connectSeconds: Histogram;
  readonly streamGaps: Histogram;
  readonly inflight: Series;
  readonly streamsActive: Series;
  readonly webSockets: Series;
  /** Calls of tools. */
  readonly toolSeconds: Histogram;
  readonly requestBytes: Series;
  readonly responseBytes: Series;
  readonly #models = new Map<string, ModelMetrics>();
  readonly #instruments: Instruments;

  constructor(instruments: Instruments, label: string) {
    const { counters, gauges, histograms } = instruments;
    this.label = label;
    this.#instruments = instruments;
    this.attempts = recordOf(labelValues.verdict, (verdict) => counters.attempts.at(label, verdict));
    this.attemptSeconds = histograms.attemptSeconds.at(label);
    this.firstByteSeconds = histograms.firstByteSeconds.at(label);
    this.overheadSeconds = histograms.overheadSeconds.at(label);
    this.connectSeconds = histograms.connectSeconds.at(label);
    this.streamGaps = histograms.streamGaps.at(label);
    this.inflight = gauges.inflight.at(label);
    this.streamsActive = gauges.streamsActive.at(label);
    this.webSockets = gauges.webSockets.at(label);
    this.toolSeconds = histograms.toolSeconds.at(label);
    this.requestBytes = counters.requestBytes.at(label);
    this.responseBytes = counters.responseBytes.at(label);
    this.model(undefined);
    zero(instruments, label);
  }

  model(name: string | undefined): ModelMetrics {
    const label = name === undefined ? unknownLabel : this.#instruments.models.value(name);
    const known = this.#models.get(label);
    if (known) return known;
    const isOwn = label === unknownLabel || label === otherLabel || this.#instruments.takePair();
    return isOwn ? this.#add(label) : (this.#models.get(otherLabel) ?? this.#add(otherLabel));
  }

  #add(label: string): ModelMetrics {
    const metrics = new ModelMetrics(this.#instruments, this.label, label);
    this.#models.set(label, metrics);
    return metrics;
  }
}

/** Puts what happens seldom at 0, so that a rate over it is never without data. */
function zero({ counters, gauges, histograms }: Instruments, label: string): void {
  for (const verdict of labelValues.verdict) counters.tunnelAnswers.at(label, verdict);
  for (const direction of labelValues.message) counters.webSocketMessages.at(label, direction);
  for (const how of labelValues.close) counters.webSocketCloses.at(label, how);
  for (const phase of labelValues.phase) counters.timeouts.at(label, phase);
  for (const reason of labelValues.reason) counters.retries.at(label, reason);
  for (const why of labelValues.notRetried) counters.retriesGivenUp.at(label, why);
  for (const to of labelValues.circuit) counters.circuitTransitions.at(label, to);
  for (const reason of labelValues.rejected) counters.bulkheadRejected.at(label, reason);
  for (const fault of labelValues.fault) counters.faultsInjected.at(label, fault);
  for (const result of labelValues.validation) counters.validations.at(label, result);
  for (const source of labelValues.waitSource) histograms.retryWaitSeconds.at(label, source);
  const others = [
    counters.socketResent,
    counters.streamsBroken,
    counters.circuitRefused,
    counters.targetsSkipped,
    counters.fallbacksExhausted,
  ] as const;
  for (const family of others) family.at(label);
  const live = [
    gauges.circuitFailureRatio,
    gauges.upstreamConnections,
    gauges.circuitState,
    gauges.bulkheadInUse,
    gauges.bulkheadLimit,
    gauges.bulkheadQueue,
    gauges.retryBudgetUsed,
  ] as const;
  for (const family of live) family.at(label);
  for (const kind of labelValues.rateLimit) for (const family of [gauges.rateLimit, gauges.rateLimitRemaining]) family.at(label, kind);
  histograms.bulkheadWaitSeconds.at(label);
}
