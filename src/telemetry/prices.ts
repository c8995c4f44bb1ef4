import { z } from 'zod';
import { type Spent, tokenKinds, tokensIn, type Usage } from '../core/usage.ts';
import { matchesPattern } from '../settings/matches-pattern.ts';

const pattern = z.string().min(1);
const perMillion = z.number().min(0).max(1_000_000).describe('US dollars per million tokens.');

/** Prices of some models, wherever they are called or at some upstreams alone. */
const priceEntry = z.strictObject({
  models: z.array(pattern).min(1).describe('Names of models; * stands for any characters.'),
  upstreams: z.array(pattern).min(1).optional().describe('Names of upstreams, likewise; all unless set.'),
  input: perMillion,
  output: perMillion,
  cacheRead: perMillion.optional().describe('As input unless set.'),
  cacheWrite: perMillion.optional().describe('As input unless set.'),
  reasoning: perMillion.optional().describe('As output unless set.'),
});

/** A file of prices. Of the entries that match a call, the first counts. */
export const priceFile = z.strictObject({
  checked: z.iso
    .date({ error: 'expected a day such as 2026-12-01' })
    .describe('When somebody last compared the prices with their sources.'),
  sources: z.array(z.string()).default([]).describe('Where the prices stand, for people.'),
  prices: z.array(priceEntry).describe('Entries, the first that matches counts.'),
});

export type PriceEntry = z.output<typeof priceEntry>;

/** Prices by kind of token, in dollars for one token. */
type Rates = Readonly<Record<keyof Usage, number>>;

/** So many pairs of upstream and model are remembered; agents may make up more. */
const rememberedPairs = 1000;

/** What tokens cost, by the upstream and the model that they are of. */
export class PriceTable {
  readonly #entries: readonly { readonly entry: PriceEntry; readonly rates: Rates }[];
  readonly #found = new Map<string, Rates | undefined>();

  /** The first entry that matches counts. */
  constructor(entries: readonly PriceEntry[]) {
    this.#entries = entries.map((entry) => ({ entry, rates: ratesOf(entry) }));
  }

  /** Dollars for the tokens, estimated ones included; undefined where there is no price, or no token. */
  costUsd(upstream: string, model: string | undefined, { usage, estimated }: Spent): number | undefined {
    if (model === undefined || !(usage || estimated)) return undefined;
    const rates = this.#ratesFor(upstream, model);
    return rates && costOf(usage, rates) + costOf(estimated, rates);
  }

  #ratesFor(upstream: string, model: string): Rates | undefined {
    const key = `${upstream}/${model}`;
    const known = this.#found.get(key);
    if (known || this.#found.has(key)) return known;
    const rates = this.#entries.find(({ entry }) => matches(entry, upstream, model))?.rates;
    if (this.#found.size < rememberedPairs) this.#found.set(key, rates);
    return rates;
  }
}

function costOf(usage: Usage | undefined, rates: Rates): number {
  if (!usage || tokensIn(usage) === 0) return 0;
  return tokenKinds.reduce((sum, kind) => sum + usage[kind] * rates[kind], 0);
}

function matches({ models, upstreams }: PriceEntry, upstream: string, model: string): boolean {
  if (upstreams && !upstreams.some((one) => matchesPattern(one, upstream))) return false;
  return models.some((one) => matchesPattern(one, model));
}

function ratesOf({ input, output, cacheRead = input, cacheWrite = input, reasoning = output }: PriceEntry): Rates {
  const million = 1_000_000;
  return {
    input: input / million,
    output: output / million,
    cacheRead: cacheRead / million,
    cacheWrite: cacheWrite / million,
    reasoning: reasoning / million,
  };
}
