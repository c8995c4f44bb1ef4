/** So often has a passage to come, over so many characters. */
const fewestTimes = 10;
const fewestLength = 1000;

/**
 * How often the same passage stands at the end of a text, one right behind the other: at least ten times and over at least
 * 1,000 characters; undefined otherwise. Takes time in proportion to the length of the text.
 */
export function repeatingTail(text: string): number | undefined {
  const { length } = text;
  if (length < fewestLength) return undefined;
  // Borders (Knuth, Morris, Pratt) of the text read backwards: of each of its ends, the shortest period.
  const borders = new Uint16Array(length);
  for (let at = 1, border = 0; at < length; at += 1) {
    const code = text.charCodeAt(length - 1 - at);
    while (border > 0 && code !== text.charCodeAt(length - 1 - border)) border = borders[border - 1] ?? 0;
    if (code === text.charCodeAt(length - 1 - border)) border += 1;
    borders[at] = border;
  }
  for (let end = length; end >= fewestLength; end -= 1) {
    const period = end - (borders[end - 1] ?? 0);
    if (period * fewestTimes <= end) return Math.floor(end / period);
  }
  return undefined;
}
