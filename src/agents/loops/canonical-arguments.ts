const maximumDepth = 32;

/**
 * Arguments of a tool in a form that neither the order of keys nor white space changes. Text that is not JSON stays as it is.
 * `ignored` are keys whose values do not count, at any depth.
 */
export function canonicalArguments(value: unknown, ignored: ReadonlySet<string>): string {
  if (typeof value !== 'string') return write(value, ignored, 0);
  const text = value.trim();
  if (!text.startsWith('{') && !text.startsWith('[')) return text;
  try {
    return write(JSON.parse(text), ignored, 0);
  } catch {
    return text;
  }
}

function write(value: unknown, ignored: ReadonlySet<string>, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.trim());
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth === maximumDepth) return '…';
  if (Array.isArray(value)) return `[${value.map((item) => write(item, ignored, depth + 1)).join()}]`;
  const fields = Object.entries(value)
    .filter(([key]) => !ignored.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${write(item, ignored, depth + 1)}`);
  return `{${fields.join()}}`;
}

/** Arguments as text, as they were given. */
export function textOfArguments(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
