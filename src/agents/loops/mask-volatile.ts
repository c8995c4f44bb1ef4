const headLength = 2048;
const tailLength = 2048;

/**
 * What differs from run to run although nothing has changed: UUIDs, times, addresses, durations, process numbers, counted
 * attempts. Other digits stay, or else pages and counters would all look the same.
 */
const volatile = new RegExp(
  [
    String.raw`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`,
    String.raw`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?`,
    String.raw`\b0x[0-9a-f]{4,16}\b`,
    String.raw`\b\d{1,9}(?:\.\d{1,9})? ?(?:ns|µs|us|ms|s|sec|secs|seconds|min|minutes)\b`,
    String.raw`\bpid[ :=]{1,2}\d{1,9}\b`,
    String.raw`\b(?:attempt|retry|try)[ :#=]{1,2}\d{1,6}(?:(?: of |/)\d{1,6})?\b`,
  ].join('|'),
  'giu',
);

/** A result in the form in which results are compared: head and tail of what is long, its length, and masks for the volatile. */
export function maskVolatile(text: string): string {
  const long = text.length > headLength + tailLength;
  const seen = long ? `${text.slice(0, headLength)} … ${text.length} … ${text.slice(-tailLength)}` : text;
  return seen.replace(volatile, '·').trim();
}
