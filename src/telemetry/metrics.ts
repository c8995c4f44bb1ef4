import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, type MetricProducer } from '@opentelemetry/sdk-metrics';
import { systemClock } from '../core/clock.ts';
import type { Subscriber } from '../core/journal.ts';
import { type ConventionOptions, ConventionRecorder } from './conventions/recorder.ts';
import { costsOf, type ModelCosts } from './costs.ts';
import { Instruments } from './instruments.ts';
import { labelValues } from './label-values.ts';
import { AddedMetrics, MetricDeltas } from './metric-deltas.ts';
import { createMetricProducer } from './metric-producer.ts';
import { createProcessMetrics, withProcesses } from './process-metrics.ts';
import { nextTurn, prometheusText } from './prometheus-text.ts';
import { applyReadings, type Readings } from './readings.ts';
import { Recorder } from './recorder.ts';
import type { TelemetrySettings } from './settings.ts';
import { type ConfiguredNames, noneLabel, Subjects } from './subjects.ts';

export interface MetricsOptions extends ConfiguredNames {
  readonly version: string;
  /** How many values the labels may have that callers choose. */
  readonly bounds: TelemetrySettings['metrics'];
  /** Tells the same by the names of OpenTelemetry's conventions, too. */
  readonly conventions?: ConventionOptions | undefined;
  /** Asked at each scrape. */
  observe(): Readings;
  /** What further processes of the sidecar are, in Prometheus' text format; asked at each scrape. */
  processes?(): readonly string[];
  /** Of several processes that serve calls, which one this is: a label of what is said of it as a process. */
  readonly worker?: number;
}

export interface Metrics {
  /** To be put into the journal. */
  readonly subscriber: Subscriber;
  /** Tells of agents that were paused before the start. */
  alreadyPaused(agents: Iterable<string>): void;
  /** For further readers, such as one that pushes by OTLP. */
  readonly producer: MetricProducer;
  /** Takes the names and bounds of a new configuration; what was counted stays. */
  configure(names: ConfiguredNames, bounds: TelemetrySettings['metrics']): void;
  /** Everything of this moment in Prometheus' text format 0.0.4. */
  text(): Promise<string>;
  /** What every model has cost so far, the dearest first. */
  costs(): ModelCosts[];
  /** What this process is, in the same format. */
  process(): Promise<string>;
  /** What events have counted, for another process to add up. */
  deltas(): MetricDeltas;
  /** Takes in what other processes have counted. */
  added(): AddedMetrics;
}

/** The sidecar's metrics: fed by the journal, read by whoever scrapes. */
export function createMetrics(options: MetricsOptions): Metrics {
  const instruments = new Instruments(options.bounds);
  const subjects = new Subjects(instruments);
  zero(instruments, options.version);
  subjects.configure(options);

  const conventions = options.conventions && new ConventionRecorder(options.conventions, instruments);
  if (conventions) conventions.servers = options.servers ?? new Map();
  const producer = createMetricProducer(
    instruments,
    systemClock,
    () => applyReadings(options.observe(), instruments, subjects),
    conventions?.families,
  );
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
    metricProducers: [producer],
  });
  // Binds the exporter, which reads nothing before.
  new MeterProvider({ resource: resourceFromAttributes({ 'service.name': 'outrigger' }), readers: [exporter] });
  const processMetrics = createProcessMetrics(options.worker);

  const recorder = new Recorder(instruments, subjects);
  const on: Subscriber['on'] = (event, call) => {
    recorder.on(event, call);
    conventions?.on(event, call);
  };

  return {
    subscriber: { name: recorder.name, on },
    alreadyPaused: (agents) => recorder.alreadyPaused(agents),
    producer,
    configure(names, bounds) {
      instruments.configure(bounds);
      subjects.configure(names);
      if (conventions) conventions.servers = names.servers ?? new Map();
    },
    costs: () => costsOf(instruments),
    process: () => processMetrics.text(),
    deltas: () => new MetricDeltas(instruments, conventions?.families ?? []),
    added: () => new AddedMetrics(instruments, conventions?.families ?? []),
    async text() {
      // A call whose last bytes have just gone out ends in this turn of the event loop: it shall be counted.
      await nextTurn();
      const startedAt = systemClock.now();
      const { resourceMetrics } = await exporter.collect();
      await nextTurn();
      const text = (await prometheusText(resourceMetrics)) + withProcesses(await processMetrics.text(), options.processes?.() ?? []);
      instruments.gauges.scrapeSeconds.at().value = (systemClock.now() - startedAt) / 1000;
      return text;
    },
  };
}

/** Puts what belongs to no upstream, route or agent at 0. */
function zero({ counters, gauges, histograms }: Instruments, version: string): void {
  for (const result of labelValues.cache) counters.cacheRequests.at(result);
  for (const kind of labelValues.degraded) counters.degraded.at(kind);
  for (const kind of labelValues.loop) for (const action of labelValues.loopAction) counters.loopsDetected.at(kind, action);
  for (const kind of labelValues.adjustment) counters.promptAdjustments.at(kind);
  for (const result of labelValues.alertResult) counters.alerts.at(noneLabel, result);
  for (const severity of labelValues.severity) gauges.openIncidents.at(severity);
  for (const change of labelValues.incident) histograms.incidentSeconds.at(change);
  counters.escalations.at('1');
  for (const result of labelValues.reload) counters.configReloads.at(result);
  for (const kind of labelValues.would) counters.would.at(kind);
  for (const subscriber of ['accounts', 'metrics', 'call-log', 'traces']) counters.journalErrors.at(subscriber);
  for (const outcome of labelValues.tool) counters.toolCalls.at(noneLabel, outcome);
  for (const kind of labelValues.intervention) for (const actor of labelValues.actor) counters.interventions.at(kind, actor);
  for (const state of labelValues.agentState) gauges.agents.at(state);
  for (const check of labelValues.check) gauges.health.at(check);
  gauges.configInfo.at(noneLabel);
  const alone = [
    ...[
      counters.bugs,
      counters.cacheEvictions,
      counters.cacheSavedTokens,
      counters.cacheSavedUsd,
      counters.eventStreamDropped,
      counters.logDropped,
    ],
    ...[gauges.cacheEntries, gauges.cacheBytes, gauges.diskFree, gauges.diskSize, gauges.loopUtilization],
    ...[gauges.configApplied, gauges.eventStreamClients, gauges.scrapeSeconds, gauges.alertQueue],
    ...[histograms.fallbackDepth, histograms.cacheAgeSeconds, histograms.loopRepeats, histograms.agentPauseSeconds],
  ];
  for (const family of alone) family.at();

  counters.costUsd.at(noneLabel, noneLabel);
  for (const why of labelValues.waste) counters.wastedUsd.at(noneLabel, noneLabel, why);
  for (const reason of labelValues.spansDropped) counters.spansDropped.at(reason);
  gauges.buildInfo.at(version, process.version).value = 1;
}
