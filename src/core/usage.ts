/** Tokens that a provider reported for one answer, by disjoint kinds: they add up. */
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
