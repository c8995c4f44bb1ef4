import type { WasteReason } from '../core/usage.ts';
import type { Instruments } from './instruments.ts';
import type { Series } from './series.ts';

/** What one model at one upstream has cost since the start, by the names of the labels. What is 0 is left out. */
export interface ModelCosts {
  readonly upstream: string;
  readonly model: string;
  /** As providers reported them. */
  readonly tokens: Record<string, number>;
  readonly estimated: Record<string, number>;
  /** Without the attempts that have no price; not there where none has one. */
  costUsd?: number;
  unpricedRequests: number;
  /** Tokens whose answer was of no use: a part of the others. */
  readonly wasted: Partial<Record<WasteReason, number>>;
  wastedUsd?: number;
}

/** What every model has cost that has had a token, the dearest first. */
export function costsOf({ counters }: Instruments): ModelCosts[] {
  const models = new Map<string, ModelCosts>();
  const each = (series: Iterable<Series>, add: (model: ModelCosts, value: number, attributes: Series['attributes']) => void) => {
    for (const { attributes, value } of series) if (value > 0) add(modelOf(models, attributes), value, attributes);
  };
  each(counters.tokens.all(), (model, value, { kind = '' }) => {
    model.tokens[kind] = value;
  });
  each(counters.estimatedTokens.all(), (model, value, { kind = '' }) => {
    model.estimated[kind] = value;
  });
  each(counters.unpriced.all(), (model, value) => {
    model.unpricedRequests = value;
  });
  each(counters.wastedTokens.all(), (model, value, { why }) => {
    model.wasted[why as WasteReason] = value;
  });
  // A model may have cost 0.
  for (const { attributes, value } of counters.costUsd.all()) {
    const model = models.get(keyOf(attributes));
    if (model) model.costUsd = value;
  }
  for (const { attributes, value } of counters.wastedUsd.all()) {
    const model = models.get(keyOf(attributes));
    if (model) model.wastedUsd = (model.wastedUsd ?? 0) + value;
  }
  return [...models.values()].toSorted((a, b) => (b.costUsd ?? 0) - (a.costUsd ?? 0));
}

function modelOf(models: Map<string, ModelCosts>, attributes: Series['attributes']): ModelCosts {
  const key = keyOf(attributes);
  const known = models.get(key);
  if (known) return known;
  const { upstream = '', model = '' } = attributes;
  const fresh = { upstream, model, tokens: {}, estimated: {}, unpricedRequests: 0, wasted: {} };
  models.set(key, fresh);
  return fresh;
}

function keyOf({ upstream = '', model = '' }: Series['attributes']): string {
  return `${upstream}\0${model}`;
}
