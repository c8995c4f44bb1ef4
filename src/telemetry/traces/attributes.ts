import { redact } from '../redact.ts';

/** A value of an attribute. */
export type SpanValue = string | number | boolean | string[];

/** Attributes of a span or of one of its events; those without a value are not told. */
export type SpanAttributes = Readonly<Record<string, SpanValue | undefined>>;

/** Longer texts of callers and upstreams tell nothing more in a list of attributes. */
const longestText = 256;

/** As `said`, of a text that is there. */
export function word(text: string): string {
  return redact(text.slice(0, longestText));
}

/** A word or a sentence that a caller or an upstream may have chosen: short, and without what looks like a credential. */
export function said(text: string | undefined): string | undefined {
  return text === undefined ? undefined : word(text);
}
