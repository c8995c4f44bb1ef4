import { hash } from 'node:crypto';

/** A short name for a text, equal for equal texts only. */
export function digest(text: string): string {
  return hash('sha1', text, 'base64');
}
