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
  /** Without the attempts that have no price. */
  costUsd: number;
  unpricedRequests: number;
  /** Tokens whose answer was of no use: a part of the others. */
  readonly wasted: Partial<Record<WasteReason, number>>;
  wastedUsd: number;
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
  each(counters.costUsd.all(), (model, value) => {
    model.costUsd = value;
  });
  each(counters.unpriced.all(), (model, value) => {
    model.unpricedRequests = value;
  });
  each(counters.wastedTokens.all(), (model, value, { why }) => {
    model.wasted[why as WasteReason] = value;
  });
  each(counters.wastedUsd.all(), (model, value) => {
    model.wastedUsd += value;
  });
  return [...models.values()].toSorted((a, b) => b.costUsd - a.costUsd);
}

function modelOf(models: Map<string, ModelCosts>, { upstream = '', model = '' }: Series['attributes']): ModelCosts {
  const key = `${upstream}\0${model}`;
  const known = models.get(key);
  if (known) return known;
  const fresh = { upstream, model, tokens: {}, estimated: {}, costUsd: 0, unpricedRequests: 0, wasted: {}, wastedUsd: 0 };
  models.set(key, fresh);
  return fresh;
}
