import type { FamilyFacts } from './family-facts.ts';
import { Histogram } from './histogram.ts';
import type { Instruments } from './instruments.ts';
import { otherLabel } from './label-interner.ts';
import type { Series } from './series.ts';
import { noneLabel } from './subjects.ts';

type Value = string | number;
type Numbers = Series<Value> | Histogram<Value>;

/** Some family, whatever its labels. */
interface OpenFamily {
  readonly facts: FamilyFacts;
  all(): Iterable<Numbers>;
  at(...values: readonly (Value | undefined)[]): Numbers;
  overflowing?(): Numbers;
}

/**
 * What one series has counted since it was last asked: its family's name, the values of its labels (undefined for the series
 * of all that has none of its own), and a number, or the counts of a histogram's buckets and their sum. As JSON.
 */
export type SeriesDelta = readonly [
  name: string,
  labels: readonly (Value | undefined)[] | undefined,
  by: number | { readonly counts: readonly number[]; readonly sum: number },
];

/** Gauges that events move; all others are read when somebody scrapes. */
const movedByEvents = ['inflight', 'streamsActive', 'webSockets', 'agentPaused'] as const;

function familiesOf({ counters, gauges, histograms }: Instruments, conventions: readonly unknown[]): OpenFamily[] {
  const moved = movedByEvents.map((key) => gauges[key]);
  // Each has labels of its own; here they are all taken as lists of values.
  return [...Object.values(counters), ...moved, ...Object.values(histograms), ...conventions] as unknown as OpenFamily[];
}

/** Tells what was counted, a part at a time, for another process to add up. */
export class MetricDeltas {
  readonly #families: readonly OpenFamily[];
  readonly #paused: unknown;
  readonly #before = new Map<Numbers, number | { readonly counts: readonly number[]; readonly sum: number; readonly count: number }>();

  /** `conventions` are further families. */
  constructor(instruments: Instruments, conventions: readonly unknown[]) {
    this.#families = familiesOf(instruments, conventions);
    this.#paused = instruments.gauges.agentPaused;
  }

  /** What has changed, and which series are new, since it was last asked. */
  take(): SeriesDelta[] {
    const deltas: SeriesDelta[] = [];
    for (const family of this.#families) {
      for (const series of family.all()) {
        // Who is paused is known to all: only that there is such an agent is told.
        const by = family === this.#paused ? this.#isNew(series) : this.#changeOf(series);
        if (by !== undefined) deltas.push([family.facts.name, labelsOf(series, family.facts), by]);
      }
    }
    return deltas;
  }

  #isNew(series: Numbers): 0 | undefined {
    if (this.#before.has(series)) return undefined;
    this.#before.set(series, 0);
    return 0;
  }

  #changeOf(series: Numbers): SeriesDelta[2] | undefined {
    const before = this.#before.get(series);
    if (!(series instanceof Histogram)) {
      const known = typeof before === 'number' ? before : 0;
      if (before !== undefined && known === series.value) return undefined;
      this.#before.set(series, series.value);
      return series.value - known;
    }
    const known = typeof before === 'object' ? before : undefined;
    if (known?.count === series.count) return undefined;
    const { count, sum, buckets } = series.read();
    this.#before.set(series, { count, sum, counts: buckets.counts });
    return { counts: buckets.counts.map((now, index) => now - (known?.counts[index] ?? 0)), sum: sum - (known?.sum ?? 0) };
  }
}

function labelsOf({ attributes }: Numbers, { labels }: FamilyFacts): SeriesDelta[1] {
  return 'otel.metric.overflow' in attributes ? undefined : labels.map((label) => attributes[label]);
}

/** Adds up what other processes have counted. */
export class AddedMetrics {
  readonly #families: ReadonlyMap<string, OpenFamily>;
  readonly #instruments: Instruments;
  /** What each process has added to gauges. */
  readonly #held = new Map<number, Map<Series<Value>, number>>();

  constructor(instruments: Instruments, conventions: readonly unknown[]) {
    this.#instruments = instruments;
    this.#families = new Map(familiesOf(instruments, conventions).map((family) => [family.facts.name, family]));
  }

  /** Adds what a process tells; values of labels stay bounded as they are in one process. */
  add(source: number, deltas: readonly SeriesDelta[]): void {
    for (const [name, labels, by] of deltas) {
      const family = this.#families.get(name);
      if (!family) continue;
      const series = labels ? family.at(...this.#bounded(family.facts, labels)) : family.overflowing?.();
      if (series instanceof Histogram) {
        if (typeof by === 'object') series.add(by.counts, by.sum);
      } else if (series && typeof by === 'number') {
        series.value += by;
        if (family.facts.type === 'gauge') this.#hold(source, series, by);
      }
    }
  }

  /** The process is gone: what it counted stays, what it had under way is over. */
  forget(source: number): void {
    for (const [series, value] of this.#held.get(source) ?? []) series.value -= value;
    this.#held.delete(source);
  }

  #hold(source: number, series: Series<Value>, by: number): void {
    const held = this.#held.get(source) ?? new Map<Series<Value>, number>();
    held.set(series, (held.get(series) ?? 0) + by);
    this.#held.set(source, held);
  }

  #bounded({ name, labels }: FamilyFacts, values: readonly (Value | undefined)[]): readonly (Value | undefined)[] {
    if (name.includes('.')) return values;
    const { agents, models, tools } = this.#instruments;
    const interners = { agent: agents, model: models, tool: tools };
    return values.map((value, index) => {
      const label = labels[index] ?? '';
      if (!Object.hasOwn(interners, label) || typeof value !== 'string' || unbounded.has(value)) return value;
      return interners[label as keyof typeof interners].value(value);
    });
  }
}

/** What stands in labels of every process, whatever its callers do. */
const unbounded: ReadonlySet<string> = new Set([otherLabel, noneLabel, 'unknown']);
