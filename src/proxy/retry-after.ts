import { headerValue, type RawHeaders } from '../core/headers.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The wait that a reply asks for, in milliseconds: `retry-after-ms`, `retry-after` in seconds or as an HTTP date
 * (RFC 9110, 10.2.3), else, where one limit is used up, the longest of its `x-ratelimit-reset-*` (`1s`, `6m0s`).
 * Undefined where it asks for none or writes nonsense.
 */
export function retryAfterMs(headers: RawHeaders, wallMs: number): number | undefined {
  const exact = Number.parseFloat(headerValue(headers, 'retry-after-ms') ?? '');
  if (exact >= 0) return exact;
  const value = headerValue(headers, 'retry-after')?.trim();
  if (value !== undefined) {
    if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
    const date = /^[A-Za-z]{3,9}, /.test(value) ? Date.parse(value) : Number.NaN;
    if (!Number.isNaN(date)) return Math.max(0, date - wallMs);
  }
  return rateLimitResetMs(headers);
}

function rateLimitResetMs(headers: RawHeaders): number | undefined {
  let longest: number | undefined;
  for (const kind of ['requests', 'tokens']) {
    if (headerValue(headers, `x-ratelimit-remaining-${kind}`)?.trim() !== '0') continue;
    const ms = spanMs(headerValue(headers, `x-ratelimit-reset-${kind}`)?.trim() ?? '');
    if (ms !== undefined) longest = Math.max(longest ?? 0, ms);
  }
  return longest;
}

function spanMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit as string] as number),
    0,
  );
}
