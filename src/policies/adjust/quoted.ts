/** Longest quotation, in chars. */
const longest = 500;

/**
 * Words of an upstream as a JSON string on one line, cut to 500 chars: nothing in them can end the quotation. Characters that
 * control the reading of text or cannot be seen become question marks.
 */
export function quoted(words: string): string {
  const cut = words.length > longest ? `${words.slice(0, longest).replace(/[\ud800-\udbff]$/, '')}…` : words;
  return JSON.stringify(cut.toWellFormed().replace(/[\p{Cf}\p{Co}\p{Cn}\u007f-\u009f\u2028\u2029]/gu, '?'));
}
