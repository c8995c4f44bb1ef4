/**
 * The value of a JSON text, in which numbers that would not survive as JavaScript's are kept as they were written, so that
 * `JSON.stringify` gives them again. Throws a SyntaxError for anything that is no JSON.
 */
export function parseExactJson(text: string): unknown {
  // TypeScript does not know the third argument yet.
  const reviver = keepInexact as (key: string, value: unknown) => unknown;
  return JSON.parse(text, reviver);
}

function keepInexact(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined) return value;
  return isExact(value, source) ? value : rawJson(source);
}

/** Up to 15 significant digits survive any double; Infinity and a negative zero are not written again as they were. */
function isExact(value: number, source: string): boolean {
  if (!Number.isFinite(value) || Object.is(value, -0)) return false;
  const [digits = ''] = source.split(/e/i);
  const significant = digits.replace(/[-.]/g, '').replace(/^0+/, '').length;
  // A number that is lost below the smallest double becomes zero.
  return significant <= 15 && (value !== 0 || significant === 0);
}

/** Not among the types that TypeScript knows of the language. */
function rawJson(source: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}
