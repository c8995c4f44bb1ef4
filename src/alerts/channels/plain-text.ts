import { cut } from '../caps.ts';

/** Controls, and what turns the direction of the text around it or is not seen at all. Line breaks and tabs are no such thing. */
const unwanted = /[\p{Cc}\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu;

/**
 * Text from anywhere as it may be shown to a person: at most `limit` characters, lines ended by `\n` alone, nothing invisible,
 * no half characters.
 */
export function plainText(text: string, limit: number): string {
  // What is dropped must not make room for a megabyte of work.
  const near = text.length > 4 * limit ? text.slice(0, 4 * limit) : text;
  const clean = near
    .toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(unwanted, (character) => (character === '\n' ? '\n' : character === '\t' ? ' ' : ''));
  return cut(clean.trim(), limit);
}

/** The same on one line. */
export function plainLine(text: string, limit: number): string {
  return cut(plainText(text, 2 * limit).replace(/\s+/g, ' '), limit);
}

/** Text in which no program finds an address to make a link of, for those that look for them by themselves. */
export function withoutLinks(text: string): string {
  return text
    .replace(/:\/\//g, '[:]//')
    .replace(/\bwww\./gi, (found) => `${found.slice(0, -1)}[.]`)
    .replace(/\b(mailto|tel|javascript|data):/gi, '$1[:]');
}
