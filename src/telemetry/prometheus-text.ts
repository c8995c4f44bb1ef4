import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { DataPointType, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** Lines that are written at a stretch before other work gets its turn: about a millisecond. */
export const linesAtAStretch = 300;

/** Prometheus' text format 0.0.4, written in stretches, because a long scrape in one go would hold up every call. */
export async function prometheusText(all: ResourceMetrics): Promise<string> {
  const stretches: string[] = [];
  for (const stretch of prometheusStretches(all)) {
    stretches.push(stretch);
    await nextTurn();
  }
  return stretches.join('');
}

/** The same piece by piece, each of at most `linesAtAStretch` samples. */
export function* prometheusStretches({ resource, scopeMetrics }: ResourceMetrics): Generator<string, void> {
  const serializer = new PrometheusSerializer('', false, undefined, true, true);
  let stretch = '';
  let lines = 0;
  for (const { scope, metrics } of scopeMetrics) {
    for (const one of metrics) {
      const metric = withPrometheusName(one);
      const each = linesOf(metric);
      for (let at = 0; at < metric.dataPoints.length; ) {
        if (lines + each > linesAtAStretch) {
          yield stretch;
          stretch = '';
          lines = 0;
        }
        const part = pointsOf(metric, at, Math.floor((linesAtAStretch - lines) / each));
        const text = serializer.serialize({ resource, scopeMetrics: [{ scope, metrics: [part] }] });
        stretch += at === 0 ? text : withoutHead(text);
        at += part.dataPoints.length;
        lines += each * part.dataPoints.length;
      }
    }
  }
  yield stretch;
}

/** Lets other work have its turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A metric with so many of its points alone. */
function pointsOf(metric: MetricData, from: number, count: number): MetricData {
  // The points of a metric are all of its kind.
  return { ...metric, dataPoints: metric.dataPoints.slice(from, from + count) } as MetricData;
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
