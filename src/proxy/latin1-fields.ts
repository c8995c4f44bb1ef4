import type { Dispatcher } from 'undici';
import type { RawHeaders } from '../core/headers.ts';

/**
 * undici gives the raw fields of HTTP/1.1 as bytes; one char a byte keeps them as they were. Those of HTTP/2 come by name,
 * with the values of each together.
 */
export function latin1Fields(raw: Dispatcher.DispatchController['rawHeaders'] | undefined): RawHeaders {
  if (!raw) return [];
  if (!Array.isArray(raw)) {
    return Object.entries(raw).flatMap(([name, value]) => (name.startsWith(':') ? [] : [value ?? []].flat().flatMap((one) => [name, one])));
  }
  return raw.map((part: Buffer | string) => (typeof part === 'string' ? part : part.toString('latin1')));
}
