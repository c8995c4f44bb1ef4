import { headerValue, type RawHeaders } from '../core/headers.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The wait that a reply asks for, in milliseconds: `retry-after-ms`, `retry-after` in seconds or as an HTTP date
 * (RFC 9110, 10.2.3), else, where one limit is used up, the longest of its `x-ratelimit-reset-*` (`1s`, `6m0s`, or a bare
 * number of seconds). Undefined where it asks for none or writes nonsense. `wallMs` is our own time: a moment is read
 * against the reply's `date`, where it has one, so that neither clock has to be right.
 */
export function retryAfterMs(headers: RawHeaders, wallMs: number): number | undefined {
  const exact = Number.parseFloat(headerValue(headers, 'retry-after-ms') ?? '');
  if (exact >= 0) return exact;
  const value = headerValue(headers, 'retry-after')?.trim();
  if (value !== undefined) {
    if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
    const date = httpDateMs(value);
    if (date !== undefined) return Math.max(0, date - sentAtMs(headers, wallMs));
  }
  return rateLimitResetMs(headers, wallMs);
}

function sentAtMs(headers: RawHeaders, wallMs: number): number {
  return httpDateMs(headerValue(headers, 'date')?.trim() ?? '') ?? wallMs;
}

/** All three forms that a recipient must take (RFC 9110, 5.6.7). The last, asctime's, does not say that it is in GMT. */
function httpDateMs(text: string): number | undefined {
  const asctime = /^[A-Za-z]{3} [A-Za-z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text);
  const ms = asctime ? Date.parse(`${text} GMT`) : /^[A-Za-z]{3,9}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

const resetPrefix = 'x-ratelimit-reset-';

function rateLimitResetMs(headers: RawHeaders, wallMs: number): number | undefined {
  let longest: number | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]?.toLowerCase() ?? '';
    if (!name.startsWith(resetPrefix)) continue;
    if (headerValue(headers, `x-ratelimit-remaining-${name.slice(resetPrefix.length)}`)?.trim() !== '0') continue;
    const text = headers[i + 1]?.trim() ?? '';
    const ms = resetSpanMs(text, sentAtMs(headers, wallMs));
    if (ms !== undefined) longest = Math.max(longest ?? 0, ms);
  }
  return longest;
}

/** How long until a rate limit is back, in milliseconds; undefined for nonsense. `sentMs` is the wall clock of who says it. */
export function resetSpanMs(text: string, sentMs: number): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? numberMs(Number(text), sentMs) : spanMs(text);
}

/** A bare number is seconds to go; one that large is the moment itself, in seconds or milliseconds since 1970. */
function numberMs(value: number, sentMs: number): number {
  if (value < 1e9) return value * 1000;
  return Math.max(0, (value < 1e12 ? value * 1000 : value) - sentMs);
}

function spanMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit as string] as number),
    0,
  );
}
