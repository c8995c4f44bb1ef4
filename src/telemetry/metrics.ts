import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, type MetricProducer, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { systemClock } from '../core/clock.ts';
import type { Subscriber } from '../core/journal.ts';
import { costsOf, type ModelCosts } from './costs.ts';
import { Instruments } from './instruments.ts';
import { labelValues } from './label-values.ts';
import { createMetricProducer } from './metric-producer.ts';
import { createProcessMetrics } from './process-metrics.ts';
import { applyReadings, type Readings } from './readings.ts';
import { Recorder } from './recorder.ts';
import type { TelemetrySettings } from './settings.ts';
import { type ConfiguredNames, noneLabel, Subjects } from './subjects.ts';

export interface MetricsOptions extends ConfiguredNames {
  readonly version: string;
  /** How many values the labels may have that callers choose. */
  readonly bounds: TelemetrySettings['metrics'];
  /** Asked at each scrape. */
  observe(): Readings;
}

export interface Metrics {
  /** To be put into the journal. */
  readonly subscriber: Subscriber;
  /** For further readers, such as one that pushes by OTLP. */
  readonly producer: MetricProducer;
  /** Takes the names and bounds of a new configuration; what was counted stays. */
  configure(names: ConfiguredNames, bounds: TelemetrySettings['metrics']): void;
  /** Everything of this moment in Prometheus' text format 0.0.4. */
  text(): Promise<string>;
  /** What every model has cost so far, the dearest first. */
  costs(): ModelCosts[];
}

/** Data points that are written at a stretch before other work gets its turn: some milliseconds. */
const pointsAtAStretch = 1000;

/** The sidecar's metrics: fed by the journal, read by whoever scrapes. */
export function createMetrics(options: MetricsOptions): Metrics {
  const instruments = new Instruments(options.bounds);
  const subjects = new Subjects(instruments);
  zero(instruments, options.version);
  subjects.configure(options);

  const producer = createMetricProducer(instruments, systemClock, () => applyReadings(options.observe(), instruments, subjects));
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
    metricProducers: [producer],
  });
  // Binds the exporter, which reads nothing before.
  new MeterProvider({ resource: resourceFromAttributes({ 'service.name': 'outrigger' }), readers: [exporter] });
  const processMetrics = createProcessMetrics();

  return {
    subscriber: new Recorder(instruments, subjects),
    producer,
    configure(names, bounds) {
      instruments.agents.limit = bounds.agents;
      instruments.models.limit = bounds.models;
      subjects.configure(names);
    },
    costs: () => costsOf(instruments),
    async text() {
      // A call whose last bytes have just gone out ends in this turn of the event loop: it shall be counted.
      await nextTurn();
      const { resourceMetrics } = await exporter.collect();
      return (await exposition(resourceMetrics)) + (await processMetrics.text());
    },
  };
}

/** Puts what belongs to no upstream, route or agent at 0. */
function zero({ counters, gauges }: Instruments, version: string): void {
  for (const result of labelValues.cache) counters.cacheRequests.at(result);
  for (const kind of labelValues.degraded) counters.degraded.at(kind);
  for (const kind of labelValues.loop) for (const action of labelValues.loopAction) counters.loopsDetected.at(kind, action);
  for (const kind of labelValues.adjustment) counters.promptAdjustments.at(kind);
  for (const result of labelValues.alertResult) counters.alerts.at(noneLabel, result);
  for (const result of labelValues.reload) counters.configReloads.at(result);
  for (const kind of labelValues.would) counters.would.at(kind);
  for (const subscriber of ['accounts', 'metrics', 'call-log']) counters.journalErrors.at(subscriber);
  counters.bugs.at();
  counters.costUsd.at(noneLabel, noneLabel);
  for (const why of labelValues.waste) counters.wastedUsd.at(noneLabel, noneLabel, why);
  counters.logDropped.at();
  gauges.buildInfo.at(version, process.version).value = 1;
}

/** Written family by family, because a long scrape in one piece would hold up every call. */
async function exposition({ resource, scopeMetrics }: ResourceMetrics): Promise<string> {
  const serializer = new PrometheusSerializer('', false, undefined, true, true);
  let text = '';
  let points = 0;
  for (const { scope, metrics } of scopeMetrics) {
    for (const metric of metrics) {
      text += serializer.serialize({ resource, scopeMetrics: [{ scope, metrics: [metric] }] });
      points += metric.dataPoints.length;
      if (points < pointsAtAStretch) continue;
      points = 0;
      await nextTurn();
    }
  }
  return text;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
