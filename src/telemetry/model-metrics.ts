import { type Spent, tokenKinds, type Usage, type Waste, type WasteReason } from '../core/usage.ts';
import type { Histogram } from './histogram.ts';
import type { Instruments } from './instruments.ts';
import { labelValues, tokenLabels } from './label-values.ts';
import { recordOf } from './record-of.ts';
import type { Series } from './series.ts';

type ByKind = Readonly<Record<keyof Usage, Series>>;
type ByReason = Readonly<Record<WasteReason, Series>>;

/** The series of one model at one upstream, looked up once. */
export class ModelMetrics {
  readonly #reported: ByKind;
  readonly #estimated: ByKind;
  /** To the first content of a stream, and how fast its tokens came. */
  readonly ttft: Histogram;
  readonly tokenRate: Histogram;
  readonly #unpriced: Series;
  readonly #wastedTokens: ByReason;
  /** Not before there is a price: a cost of 0 says that the model is free. */
  #usd: { readonly cost: Series; readonly wasted: ByReason } | undefined;
  readonly #usdSeries: () => { readonly cost: Series; readonly wasted: ByReason };

  constructor({ counters, histograms }: Instruments, upstream: string, model: string) {
    this.#reported = recordOf(tokenKinds, (kind) => counters.tokens.at(upstream, model, tokenLabels[kind]));
    this.#estimated = recordOf(tokenKinds, (kind) => counters.estimatedTokens.at(upstream, model, tokenLabels[kind]));
    this.ttft = histograms.streamTtft.at(upstream, model);
    this.tokenRate = histograms.streamTokenRate.at(upstream, model);
    this.#unpriced = counters.unpriced.at(upstream, model);
    this.#wastedTokens = recordOf(labelValues.waste, (why) => counters.wastedTokens.at(upstream, model, why));
    const usdSeries = () => ({
      cost: counters.costUsd.at(upstream, model),
      wasted: recordOf(labelValues.waste, (why) => counters.wastedUsd.at(upstream, model, why)),
    });
    this.#usdSeries = usdSeries;
  }

  /** Counts what one attempt has spent. */
  spent({ usage, estimated, costUsd }: Spent): void {
    if (usage) add(this.#reported, usage);
    if (estimated) add(this.#estimated, estimated);
    if (costUsd === undefined) {
      this.#unpriced.value += 1;
      return;
    }
    this.#usd ??= this.#usdSeries();
    this.#usd.cost.value += costUsd;
  }

  /** Counts an attempt of no use once more, apart. */
  wasted({ why, tokens, costUsd }: Waste): void {
    this.#wastedTokens[why].value += tokens;
    if (this.#usd && costUsd !== undefined) this.#usd.wasted[why].value += costUsd;
  }
}

function add(series: ByKind, usage: Usage): void {
  for (const kind of tokenKinds) series[kind].value += usage[kind];
}
