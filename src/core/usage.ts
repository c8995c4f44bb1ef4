/** Tokens of one answer by disjoint kinds: they add up. */
export interface Usage {
  /** Input without what was read from a cache. */
  input: number;
  /** Output without reasoning. */
  output: number;
  cacheRead: number;
  cacheWrite: number;
  reasoning: number;
}

export const tokenKinds = ['input', 'output', 'cacheRead', 'cacheWrite', 'reasoning'] as const satisfies readonly (keyof Usage)[];

/** What the tokens of one attempt come to. */
export interface Spent {
  /** Tokens that the provider reported, to the token. */
  usage?: Usage | undefined;
  /** Tokens beside those, of an answer that broke off or came without counts: guessed from its size and its request's. */
  estimated?: Usage | undefined;
  /** In US dollars, of both; undefined where the model has no price. */
  costUsd?: number | undefined;
}

/** What a call would have spent that was served from a cache, by what the stored answer had cost. */
export interface Spared extends Spent {
  readonly upstream: string;
  readonly model: string | undefined;
}

/** Why tokens were paid for in vain: what became of the answer. */
export const wasteReasons = ['retry', 'fallback', 'aborted', 'broken', 'loop'] as const;
export type WasteReason = (typeof wasteReasons)[number];

/** Tokens of one attempt whose answer was of no use. They stand in the totals as well. */
export interface Waste {
  readonly attempt: number;
  readonly upstream: string;
  readonly model: string | undefined;
  readonly why: WasteReason;
  /** Of all kinds, estimated ones included. */
  readonly tokens: number;
  readonly costUsd: number | undefined;
}

/** One attempt that has cost tokens. */
export interface PaidAttempt extends Spent {
  readonly attempt: number;
  readonly upstream: string;
  readonly model?: string | undefined;
  /** Its answer arrived whole. */
  readonly complete?: boolean;
}

/** What the attempts of one call have spent so far. */
export interface CallAccount {
  readonly paid: PaidAttempt[];
  /** Attempts in whose place another one was made. */
  replaced?: { readonly attempt: number; readonly why: 'retry' | 'fallback' }[];
  /** The agent goes in circles with this call. */
  inLoop?: boolean;
}

/** All that a call has spent, of all its attempts. */
export interface CallSpent extends Spent {
  /** Attempts with tokens of a model that has no price: `costUsd` is without them. */
  readonly unpriced: number;
  readonly wasted: readonly Waste[];
}

/** The tokens of all kinds. */
export function tokensIn({ input, output, cacheRead, cacheWrite, reasoning }: Usage): number {
  return input + output + cacheRead + cacheWrite + reasoning;
}

/** The sum, kind by kind. */
export function addUsage(one: Usage | undefined, other: Usage): Usage {
  if (!one) return other;
  return {
    input: one.input + other.input,
    output: one.output + other.output,
    cacheRead: one.cacheRead + other.cacheRead,
    cacheWrite: one.cacheWrite + other.cacheWrite,
    reasoning: one.reasoning + other.reasoning,
  };
}
