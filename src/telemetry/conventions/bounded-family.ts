import type { AnyFamily } from '../family.ts';
import type { FamilyFacts } from '../family-facts.ts';
import { Histogram } from '../histogram.ts';

type Value = string | number;
type Attributes = Readonly<Record<string, Value>>;

/** More are one series of their own, as the SDKs of OpenTelemetry do it. Upstreams times statuses are many. */
const mostSeries = 24;
const mostHttpSeries = 60;
const overflow: Attributes = { 'otel.metric.overflow': 'true' };

/** The series of one convention: made when they are first told of, and never too many. */
export class BoundedFamily<Series> implements AnyFamily<Series> {
  readonly facts: FamilyFacts;
  readonly #create: (attributes: Attributes, facts: FamilyFacts) => Series;
  readonly #series = new Map<string, Series>();

  constructor(facts: FamilyFacts, create: (attributes: Attributes, facts: FamilyFacts) => Series) {
    this.facts = facts;
    this.#create = create;
  }

  /** The series with these values, in the order of the labels; an attribute that does not apply is undefined. */
  at(...values: readonly (Value | undefined)[]): Series {
    const key = values.join('\0');
    const known = this.#series.get(key);
    if (known) return known;
    const isFull = this.#series.size >= (this.facts.name.startsWith('http.') ? mostHttpSeries : mostSeries);
    const entries = this.facts.labels.map((label, index) => [label, values[index]] as const);
    const given = entries.filter((entry): entry is readonly [string, Value] => entry[1] !== undefined);
    return isFull ? this.#make('', overflow) : this.#make(key, Object.fromEntries(given));
  }

  all(): Iterable<Series> {
    return this.#series.values();
  }

  #make(key: string, attributes: Attributes): Series {
    const known = this.#series.get(key);
    if (known) return known;
    const series = this.#create(attributes, this.facts);
    this.#series.set(key, series);
    return series;
  }
}

/** Distributions of a convention. */
export function distributions(facts: FamilyFacts): BoundedFamily<Histogram<Value>> {
  return new BoundedFamily(facts, (attributes, { bounds }) => new Histogram(attributes, bounds ?? []));
}
