import type { Usage } from '../core/usage.ts';
import { type JsonObject, parseObject } from './json-object.ts';
import { behindSpace, objectEnd } from './json-scan.ts';

/** So many members of that name are tried, from the end: schemas and metadata that are echoed may hold it, too. */
const tries = 8;

/**
 * The token counts in a piece of JSON that may be cut at both ends: of the last member of that name whose value `read`
 * takes for counts. Costs a search and the parsing of that one object, whatever the size of the rest.
 */
export function scanUsage<T extends Partial<Usage>>(json: Buffer, key: string, read: (counts: JsonObject) => T | undefined): T | undefined {
  const token = `"${key}"`;
  let at = json.lastIndexOf(token);
  for (let left = tries; at >= 0 && left > 0; left -= 1) {
    const start = valueStart(json, at + token.length);
    const end = start < 0 ? -1 : objectEnd(json, start);
    const counts = end < 0 ? undefined : parseObject(json.subarray(start, end));
    const usage = counts && read(counts);
    if (usage) return usage;
    at = at === 0 ? -1 : json.lastIndexOf(token, at - 1);
  }
  return undefined;
}

/** Where the object behind a key begins; -1 if no object does. */
function valueStart(json: Buffer, from: number): number {
  const at = behindSpace(json, from);
  if (json[at] !== 0x3a) return -1;
  const value = behindSpace(json, at + 1);
  return json[value] === 0x7b ? value : -1;
}
