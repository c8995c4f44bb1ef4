import type { ProxiedRequest } from '../../core/exchange.ts';
import { headerValue, type RawHeaders } from '../../core/headers.ts';
import type { Reply } from '../../core/outcome.ts';
import { directiveMs, forbidsStoring, listOf } from './cache-control.ts';
import { isOutsideKey } from './cache-key.ts';

/** On which terms an answer may be kept. */
export interface StoringTerms {
  /** The fields to keep. */
  readonly headers: RawHeaders;
  /** How old it was when it came, in milliseconds. */
  readonly ageMs: number;
  /** For how long the upstream says that it is fresh; undefined where it does not say. */
  readonly freshMs: number | undefined;
}

/** Methods that ask and change nothing: what HTTP says about caching is meant for them. */
export const readingMethods: ReadonlySet<string> = new Set(['GET', 'QUERY']);

/** Cookies of the machines in front of an upstream. They tell nothing of the caller, and nobody else may get them. */
const infrastructureCookie = /^\s*(__cf_bm|_cfuvid|__cflb|__cfruid|__cfseq|awsalb(app-\d)?(tg)?(cors)?|awselb(cors)?)=/i;

/**
 * On which terms this answer may be kept for the same caller, going by the fields of both sides; undefined if it may not.
 * `no-store`, `private` and cookies are heard on any answer. The other rules of RFC 9111 hold for requests that only read;
 * HTTP has none for a POST, whose answers are kept because the configuration says so.
 */
export function storingTerms(reply: Reply, request: ProxiedRequest, shared: boolean): StoringTerms | undefined {
  const control = listOf(reply.headers, 'cache-control');
  // Anywhere in the field, however oddly it is written: a cache that reads too little into it hands one caller's answer to another.
  if (/no-store|private/.test(control) || forbidsStoring(request.headers)) return undefined;
  if (reply.standing || !variesWithinKey(listOf(reply.headers, 'vary'), shared)) return undefined;
  const headers = withoutCookies(reply.headers);
  if (!headers) return undefined;
  if (!readingMethods.has(request.method)) return { headers, ageMs: 0, freshMs: undefined };
  if (/no-cache|must-revalidate|proxy-revalidate/.test(control)) return undefined;
  const statedMs = directiveMs(control, 's-maxage') ?? directiveMs(control, 'max-age');
  const age = headerValue(reply.headers, 'age')?.trim() ?? '';
  const ageMs = /^\d+$/.test(age) ? Number(age) * 1000 : 0;
  // A date of expiry is not worth a date parser: it counts as passed.
  const expires = headerValue(reply.headers, 'expires') === undefined ? undefined : 0;
  return { headers, ageMs, freshMs: statedMs ?? expires };
}

function variesWithinKey(vary: string, shared: boolean): boolean {
  return vary.split(',').every((name) => name.trim() !== '*' && !isOutsideKey(name.trim(), shared));
}

/** The fields without those that are set anew; undefined where there is a cookie that may be the caller's. */
function withoutCookies(headers: RawHeaders): RawHeaders | undefined {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === 'set-cookie') {
      if (!infrastructureCookie.test(value)) return undefined;
    } else if (lower !== 'age') kept.push(name, value);
  }
  return kept;
}
