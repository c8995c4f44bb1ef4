export type JsonObject = { readonly [key: string]: unknown };

/** The value that these bytes are the JSON of; undefined if they are malformed. */
export function parseJson(bytes: Buffer): unknown {
  return parseText(bytes.toString());
}

/** The same of a text. */
export function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The JSON object in these bytes; undefined for anything else. */
export function parseObject(bytes: Buffer): JsonObject | undefined {
  return asObject(parseJson(bytes));
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** The objects of an array; none for anything else. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(asObject).filter((item) => item !== undefined) : [];
}

/** A count as providers report it: a number of at least zero, else 0. */
export function countIn(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}
