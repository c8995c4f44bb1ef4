/** A time in milliseconds since the Unix epoch as ISO 8601 in UTC, such as `2026-11-21T09:30:00.000Z`. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
