/**
 * Header fields as they stood on the wire: name, value, name, value, …
 * Order, letter case and duplicates are kept. Values are latin1 (one char per byte).
 */
export type RawHeaders = readonly string[];

/** The first value of a field, its name compared without regard to case. */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  const lower = name.toLowerCase();
  for (let i = 0; i < headers.length; i += 2) {
    const candidate = headers[i] as string;
    if (candidate.length === lower.length && candidate.toLowerCase() === lower) return headers[i + 1];
  }
  return undefined;
}

/** The media type of a Content-Type header, lower-cased and without parameters; empty where there is none. */
export function mediaType(headers: RawHeaders): string {
  const value = headerValue(headers, 'content-type');
  if (value === undefined) return '';
  const end = value.indexOf(';');
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase();
}
