import { Family } from './family.ts';
import type { FamilyFacts } from './family-facts.ts';
import { Histogram } from './histogram.ts';
import { LabelInterner } from './label-interner.ts';
import { counters, gauges, histograms } from './names.ts';
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
  readonly tools: LabelInterner;
  /** Names of fallback targets: an upstream, or an upstream and a model. */
  readonly targets: LabelInterner;

  #pairs = 0;

  constructor(bounds: TelemetrySettings['metrics']) {
    this.agents = new LabelInterner(bounds.agents, this.counters.labelOverflow.at('agent'));
    this.models = new LabelInterner(bounds.models, this.counters.labelOverflow.at('model'));
    this.tools = new LabelInterner(bounds.tools, this.counters.labelOverflow.at('tool'));
    this.targets = new LabelInterner(100, this.counters.labelOverflow.at('target'));
  }

  /** Takes other bounds; values that have a name keep it. */
  configure(bounds: TelemetrySettings['metrics']): void {
    this.agents.limit = bounds.agents;
    this.models.limit = bounds.models;
    this.tools.limit = bounds.tools;
  }

  /** Whether one more model at one more upstream may have series of its own: an agent may name any model at each of them. */
  takePair(): boolean {
    if (this.#pairs >= 2 * this.models.limit) {
      this.counters.labelOverflow.at('model').value += 1;
      return false;
    }
    this.#pairs += 1;
    return true;
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
