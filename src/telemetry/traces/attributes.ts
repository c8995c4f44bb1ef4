import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { redact } from '../redact.ts';

/** Longer texts of callers and upstreams tell nothing more in a list of attributes. */
const longestText = 256;

/** The attributes that have a value. */
export function attributesOf(values: Readonly<Record<string, AttributeValue | undefined>>): Attributes {
  const attributes: Attributes = {};
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) attributes[key] = value;
  }
  return attributes;
}

/** A word or a sentence that a caller or an upstream may have chosen: short, and without what looks like a credential. */
export function said(text: string | undefined): string | undefined {
  return text === undefined ? undefined : redact(text.slice(0, longestText));
}
