import type { Dialect, DialectName, RequestFacts } from '../core/dialect.ts';
import { http } from './http.ts';
import { openai } from './openai.ts';

/** The wire format of a request: the one that the configuration names, or with `auto` the one that the request looks like. */
export function dialectFor(name: DialectName | 'auto', request: RequestFacts): Dialect {
  if (name === 'openai' || (name === 'auto' && openai.matches(request))) return openai;
  return http;
}
