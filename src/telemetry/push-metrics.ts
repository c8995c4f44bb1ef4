import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { MeterProvider, type MetricProducer, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { ownResource } from './resource.ts';
import type { ExportTarget } from './traces/environment.ts';

export interface PushOptions {
  readonly version: string;
  readonly target: ExportTarget;
  readonly intervalMs: number;
  readonly producer: MetricProducer;
}

/** Something that sends off what it has. */
export interface Export {
  /** Sends what is left and ends, within `timeoutMs`. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

/** Pushes all metrics to an OTLP receiver, time and again. One that hangs or is gone costs nothing but the push. */
export function pushMetrics({ version, target, intervalMs, producer }: PushOptions): Export {
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(target),
    exportIntervalMillis: intervalMs,
    metricProducers: [producer],
  });
  const provider = new MeterProvider({ resource: ownResource(version), readers: [reader] });
  return { close: (timeoutMs) => provider.shutdown({ timeoutMillis: timeoutMs }).catch(() => undefined) };
}
