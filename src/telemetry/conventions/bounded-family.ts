import type { AnyFamily } from '../family.ts';
import type { FamilyFacts } from '../family-facts.ts';
import { Histogram } from '../histogram.ts';

type Value = string | number;
type Attributes = Readonly<Record<string, Value>>;

interface Branch<Series> {
  series: Series | undefined;
  readonly next: Map<Value | undefined, Branch<Series>>;
}

/** More are one series of their own, as the SDKs of OpenTelemetry do it. Upstreams times statuses are many. */
const mostSeries = 24;
const mostHttpSeries = 60;
const overflow: Attributes = { 'otel.metric.overflow': 'true' };

/** The series of one convention: made when they are first told of, and never too many. */
export class BoundedFamily<Series> implements AnyFamily<Series> {
  readonly facts: FamilyFacts;
  readonly #create: (attributes: Attributes, facts: FamilyFacts) => Series;
  /** By the first value, then by the second, and so on: no key is put together for each look-up. */
  readonly #tree: Branch<Series> = { series: undefined, next: new Map() };
  readonly #all: Series[] = [];
  #overflow: Series | undefined;

  constructor(facts: FamilyFacts, create: (attributes: Attributes, facts: FamilyFacts) => Series) {
    this.facts = facts;
    this.#create = create;
  }

  /** The series with these values, in the order of the labels; an attribute that does not apply is undefined. */
  at(...values: readonly (Value | undefined)[]): Series {
    let branch = this.#tree;
    for (const value of values) {
      const next = branch.next.get(value);
      if (!next) return this.#made(values);
      branch = next;
    }
    return branch.series ?? this.#made(values);
  }

  all(): Iterable<Series> {
    return this.#all;
  }

  /** The series of all that has none of its own. */
  overflowing(): Series {
    this.#overflow ??= this.#create(overflow, this.facts);
    if (!this.#all.includes(this.#overflow)) this.#all.push(this.#overflow);
    return this.#overflow;
  }

  #made(values: readonly (Value | undefined)[]): Series {
    if (this.#all.length >= (this.facts.name.startsWith('http.') ? mostHttpSeries : mostSeries)) {
      return this.overflowing();
    }
    const entries = this.facts.labels.map((label, index) => [label, values[index]] as const);
    const given = entries.filter((entry): entry is readonly [string, Value] => entry[1] !== undefined);
    const series = this.#create(Object.fromEntries(given), this.facts);
    this.#all.push(series);
    let branch = this.#tree;
    for (const value of values) {
      let next = branch.next.get(value);
      if (!next) {
        next = { series: undefined, next: new Map() };
        branch.next.set(value, next);
      }
      branch = next;
    }
    branch.series = series;
    return series;
  }
}

/** Distributions of a convention. */
export function distributions(facts: FamilyFacts): BoundedFamily<Histogram<Value>> {
  return new BoundedFamily(facts, (attributes, { bounds }) => new Histogram(attributes, bounds ?? []));
}
