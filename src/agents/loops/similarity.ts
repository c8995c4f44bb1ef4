const maximumWords = 1000;

/** The share of their words that two texts have in common: the Jaccard index of their sets of words, from 0 to 1. */
export function similarity(a: string, b: string): number {
  if (a === b) return 1;
  const wordsA = wordsOf(a);
  const wordsB = wordsOf(b);
  if (wordsA.size === 0 || wordsB.size === 0) return 0;
  let common = 0;
  for (const word of wordsA) if (wordsB.has(word)) common += 1;
  return common / (wordsA.size + wordsB.size - common);
}

function wordsOf(text: string): Set<string> {
  return new Set(text.split(/\s+/u, maximumWords).filter(Boolean));
}
