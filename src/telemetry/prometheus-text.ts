import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { DataPointType, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** Lines that are written at a stretch before other work gets its turn: some milliseconds. */
const linesAtAStretch = 600;

/** Prometheus' text format 0.0.4, written in pieces, because a long scrape at a stretch would hold up every call. */
export async function prometheusText({ resource, scopeMetrics }: ResourceMetrics): Promise<string> {
  const serializer = new PrometheusSerializer('', false, undefined, true, true);
  const pieces: string[] = [];
  let lines = 0;
  for (const { scope, metrics } of scopeMetrics) {
    for (const whole of metrics) {
      let isFirst = true;
      for (const metric of slices(withPrometheusName(whole))) {
        const text = serializer.serialize({ resource, scopeMetrics: [{ scope, metrics: [metric] }] });
        pieces.push(isFirst ? text : withoutHead(text));
        isFirst = false;
        lines += linesOf(metric) * metric.dataPoints.length;
        if (lines < linesAtAStretch) continue;
        lines = 0;
        await nextTurn();
      }
    }
  }
  return pieces.join('');
}

/** Lets other work have its turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A metric as several of the same name, each short enough for one stretch. */
function* slices(metric: MetricData): Generator<MetricData> {
  const most = Math.max(1, Math.floor(linesAtAStretch / linesOf(metric)));
  for (let at = 0; at < metric.dataPoints.length; at += most) {
    // The points of a metric are all of its kind.
    yield { ...metric, dataPoints: metric.dataPoints.slice(at, at + most) } as MetricData;
  }
}

/** Lines that one data point takes. */
function linesOf(metric: MetricData): number {
  if (metric.dataPointType !== DataPointType.HISTOGRAM) return 1;
  return (metric.dataPoints[0]?.value.buckets.boundaries.length ?? 0) + 3;
}

/** What the serializer writes above the points of every metric that it is given. */
function withoutHead(text: string): string {
  let at = 0;
  while (text[at] === '#') at = text.indexOf('\n', at) + 1;
  return text.slice(at);
}

/** The suffixes of units that Prometheus wants in names and that a convention's name has not got. */
const unitSuffixes: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' };

/** The serializer adds no unit to a name; ours have it already, the conventions of OpenTelemetry do not. */
function withPrometheusName(metric: MetricData): MetricData {
  const { name, unit } = metric.descriptor;
  if (!name.includes('.')) return metric;
  return { ...metric, descriptor: { ...metric.descriptor, name: name + (unitSuffixes[unit] ?? '') } };
}
