import { type HrTime, ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { Clock } from '../core/clock.ts';
import type { AnyFamily } from './family.ts';
import type { FamilyFacts } from './family-facts.ts';
import { Histogram } from './histogram.ts';
import type { Instruments } from './instruments.ts';
import type { Series } from './series.ts';

/**
 * Hands our own numbers to OpenTelemetry's readers, as a copy of one moment. `refresh` runs first and brings the gauges
 * that no event tells up to date; what it throws is one of the result's errors.
 */
export function createMetricProducer(
  instruments: Instruments,
  clock: Clock,
  refresh: () => void,
  conventions: readonly AnyFamily<AnySeries>[] = [],
): MetricProducer {
  const startTime = hrTime(clock.wall());
  const collect = (): CollectionResult => {
    const errors: unknown[] = [];
    try {
      refresh();
    } catch (error) {
      errors.push(error);
    }
    const times = { startTime, endTime: hrTime(clock.wall()) };
    const metrics = [
      ...Object.values(instruments.counters).map((family) => sum(family, times)),
      ...Object.values(instruments.gauges).map((family) => gauge(family, times)),
      ...Object.values(instruments.histograms).map((family) => distribution(family, times)),
      ...conventions.map((family) => convention(family, times)).filter(({ dataPoints }) => dataPoints.length > 0),
    ];
    // The reader ignores the resource of a producer and takes its own.
    return { resourceMetrics: { resource: resourceFromAttributes({}), scopeMetrics: [{ scope: { name: 'outrigger' }, metrics }] }, errors };
  };
  return { collect: () => Promise.resolve(collect()) };
}

/** A convention's; which of them its facts tell. */
type AnySeries = Histogram<string | number> | Series<string | number>;

function convention(family: AnyFamily<AnySeries>, times: Times): MetricData {
  const all = [...family.all()];
  const { facts } = family;
  const counted = all.filter((one): one is Series<string | number> => !(one instanceof Histogram));
  if (counted.length > 0) return sum({ facts, all: () => counted }, times);
  return distribution({ facts, all: () => all.filter((one) => one instanceof Histogram) }, times);
}

interface Times {
  startTime: HrTime;
  endTime: HrTime;
}

function sum(family: AnyFamily<Series<string | number>>, times: Times): MetricData {
  return { ...base(family.facts), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points(family, times) };
}

function gauge(family: AnyFamily<Series>, times: Times): MetricData {
  return { ...base(family.facts), dataPointType: DataPointType.GAUGE, dataPoints: points(family, times) };
}

function distribution(family: AnyFamily<Histogram<string | number>>, times: Times): MetricData {
  const dataPoints = Array.from(family.all(), (histogram) => ({ ...times, attributes: histogram.attributes, value: histogram.read() }));
  return { ...base(family.facts), dataPointType: DataPointType.HISTOGRAM, dataPoints };
}

function points(family: AnyFamily<Series<string | number>>, times: Times) {
  return Array.from(family.all(), ({ attributes, value }) => ({ ...times, attributes, value }));
}

function base({ name, help, unit }: FamilyFacts) {
  return {
    descriptor: { name, description: help, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
}

/** Seconds and nanoseconds, as OpenTelemetry writes a time. */
function hrTime(wallMs: number): HrTime {
  const seconds = Math.floor(wallMs / 1000);
  return [seconds, Math.round((wallMs - seconds * 1000) * 1_000_000)];
}
