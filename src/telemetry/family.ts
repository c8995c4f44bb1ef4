import type { FamilyFacts } from './family-facts.ts';

/** A value for each label, in the order in which the family names them. */
export type LabelValues<Labels extends readonly string[]> = { [Index in keyof Labels]: string };

/** A metric as a reader sees it, whatever its labels. */
export interface AnyFamily<Series> {
  readonly facts: FamilyFacts;
  all(): Iterable<Series>;
}

/** All series of one metric, by the values of its labels. A caller on the hot path keeps what `at` gave it. */
export class Family<Facts extends FamilyFacts, Series extends { readonly attributes: Readonly<Record<string, string>> }>
  implements AnyFamily<Series>
{
  readonly facts: Facts;
  readonly #create: (attributes: Record<string, string>, facts: Facts) => Series;
  readonly #series = new Map<string, Series>();

  constructor(facts: Facts, create: (attributes: Record<string, string>, facts: Facts) => Series) {
    this.facts = facts;
    this.#create = create;
  }

  /** The series with these label values, made at 0 where there was none. The caller sees to it that values are bounded. */
  at(...values: LabelValues<Facts['labels']>): Series {
    const key = values.join('\0');
    const known = this.#series.get(key);
    if (known) return known;
    const series = this.#create(Object.fromEntries(this.facts.labels.map((label, index) => [label, values[index] ?? ''])), this.facts);
    this.#series.set(key, series);
    return series;
  }

  /** Every series, the oldest first. */
  all(): Iterable<Series> {
    return this.#series.values();
  }

  /** Drops the series that are not to be kept. Only for gauges: a counter that vanishes looks like a restart. */
  retain(keep: (attributes: Series['attributes']) => boolean): void {
    for (const [key, series] of this.#series) if (!keep(series.attributes)) this.#series.delete(key);
  }
}
