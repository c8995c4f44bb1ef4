import { asObject } from '../json-object.ts';

/** The text of a content that is a string, a part or a list of parts; parts of other kinds leave nothing. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return content.length === 1 ? textOf(content[0]) : content.map(textOf).filter(Boolean).join('\n');
  const { text } = asObject(content) ?? {};
  return typeof text === 'string' ? text : '';
}

/** A value as text: itself if it is one, else its JSON. */
export function textOrJson(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** A name or an id; empty if there is none. */
export function nameIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
