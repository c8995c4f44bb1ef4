/** The candidate that a person most likely meant, or undefined if none is near: case, `-` and `_` do not count. */
export function suggest(written: string, candidates: Iterable<string>): string | undefined {
  const plain = simplify(written);
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.ceil(plain.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - written.length) > 4) continue;
    const distance = editDistance(plain, simplify(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `, did you mean "x"?` or nothing. */
export function didYouMean(written: string, candidates: Iterable<string>): string {
  const suggestion = suggest(written, candidates);
  return suggestion === undefined ? '' : `, did you mean ${JSON.stringify(suggestion)}?`;
}

function simplify(text: string): string {
  return text.slice(0, 64).toLowerCase().replace(/[-_]/g, '');
}

/** Damerau's distance in its restricted form: insert, delete, replace, or swap two neighbours. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, at(beforeLast, column - 2) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
