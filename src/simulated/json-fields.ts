export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects in what may be a list. */
export function recordsIn(value: unknown): JsonRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** The text of a body that is a JSON object, or what is wrong with it. */
export function readObject(body: Uint8Array | undefined): JsonRecord | string {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body ?? []).toString('utf8'));
    return isRecord(parsed) ? parsed : 'The body is not a JSON object.';
  } catch {
    return 'The body is not JSON.';
  }
}

/** The words of a message's content, as a string or in parts. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return recordsIn(content)
    .map(({ text }) => (typeof text === 'string' ? text : ''))
    .join(' ');
}
