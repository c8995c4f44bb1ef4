import { asObject } from '../json-object.ts';

/** The text of a content that is a string, a part or a list of parts; parts of other kinds leave nothing. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return content.length === 1 ? textOf(content[0]) : content.map(textOf).filter(Boolean).join('\n');
  const { text } = asObject(content) ?? {};
  return typeof text === 'string' ? text : '';
}

/**
 * The text of a content in which other things than text count, too: an image or a file stands there by its kind, its length
 * and a sample, so that two that differ are told apart.
 */
export function contentOf(content: unknown): string {
  if (!Array.isArray(content)) return textOf(content);
  return content.map(partOf).filter(Boolean).join('\n');
}

function partOf(part: unknown): string {
  const { type, text } = asObject(part) ?? {};
  if (typeof part === 'string' || typeof text === 'string') return textOf(part);
  const inside = longestIn(part, 0);
  return inside === ''
    ? ''
    : `[${nameIn(type)} ${inside.length} ${inside.slice(inside.length >> 1).slice(0, sampled)}${inside.slice(-sampled)}]`;
}

const sampled = 24;
const deepest = 3;

function longestIn(value: unknown, depth: number): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || depth === deepest) return '';
  let longest = '';
  for (const inner of Object.values(value)) {
    const found = longestIn(inner, depth + 1);
    if (found.length > longest.length) longest = found;
  }
  return longest;
}

/** A value as text: itself if it is one, else its JSON. */
export function textOrJson(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** A name or an id; empty if there is none. */
export function nameIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
