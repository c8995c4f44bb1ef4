import { Family } from './family.ts';
import { Histogram } from './histogram.ts';
import { LabelInterner } from './label-interner.ts';
import { counters, type FamilyFacts, gauges, histograms } from './names.ts';
import { Series } from './series.ts';
import type { TelemetrySettings } from './settings.ts';

type SeriesFamilies<Facts extends Record<string, FamilyFacts>> = { readonly [Key in keyof Facts]: Family<Facts[Key], Series> };
type HistogramFamilies<Facts extends Record<string, FamilyFacts>> = { readonly [Key in keyof Facts]: Family<Facts[Key], Histogram> };

/** Every metric of the catalogue, and what bounds the labels that callers choose. */
export class Instruments {
  readonly counters = ofSeries(counters);
  readonly gauges = ofSeries(gauges);
  readonly histograms = ofHistograms(histograms);
  readonly agents: LabelInterner;
  readonly models: LabelInterner;
  /** Names of fallback targets: an upstream, or an upstream and a model. */
  readonly targets: LabelInterner;

  constructor(bounds: TelemetrySettings['metrics']) {
    this.agents = new LabelInterner(bounds.agents, this.counters.labelOverflow.at('agent'));
    this.models = new LabelInterner(bounds.models, this.counters.labelOverflow.at('model'));
    this.targets = new LabelInterner(100, this.counters.labelOverflow.at('target'));
  }
}

function ofSeries<Facts extends Record<string, FamilyFacts>>(facts: Facts): SeriesFamilies<Facts> {
  // Each key has a family of its own facts: what Object.entries forgets.
  return Object.fromEntries(
    Object.entries(facts).map(([key, of]) => [key, new Family(of, (attributes) => new Series(attributes))]),
  ) as unknown as SeriesFamilies<Facts>;
}

function ofHistograms<Facts extends Record<string, FamilyFacts>>(facts: Facts): HistogramFamilies<Facts> {
  return Object.fromEntries(
    Object.entries(facts).map(([key, of]) => [key, new Family(of, (attributes, { bounds }) => new Histogram(attributes, bounds ?? []))]),
  ) as unknown as HistogramFamilies<Facts>;
}
