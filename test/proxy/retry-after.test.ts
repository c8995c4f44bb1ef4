import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/proxy/retry-after.ts';

const now = Date.parse('Sat, 21 Nov 2026 10:00:00 GMT');

describe('the wait that a reply asks for', () => {
  it.each([
    [['retry-after', '2'], 2000],
    [['Retry-After', '0'], 0],
    [['retry-after', '1.5'], 1500],
    [['retry-after', 'Sat, 21 Nov 2026 10:00:30 GMT'], 30_000],
    [['retry-after', 'Sat, 21 Nov 2026 09:00:00 GMT'], 0],
    [['retry-after-ms', '250.5', 'retry-after', '9'], 250.5],
    [['retry-after', 'Saturday, 21-Nov-26 10:00:30 GMT'], 30_000],
    [['retry-after', 'Sat Nov 21 10:00:30 2026'], 30_000],
    [['retry-after', 'Tue Dec  1 10:00:00 2026'], 864_000_000],
    [['x-ratelimit-remaining-requests', '0', 'x-ratelimit-reset-requests', '1s'], 1000],
    [['X-RateLimit-Reset-Requests', '1m2.5s', 'X-RateLimit-Remaining-Requests', ' 0 '], 62_500],
    [['x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', '120ms'], 120],
    [['x-ratelimit-remaining-tokens-minute', '0', 'x-ratelimit-reset-tokens-minute', '11.5'], 11_500],
    [['x-ratelimit-remaining-requests', '0', 'x-ratelimit-reset-requests', '1795255230'], 30_000],
    [['x-ratelimit-remaining-requests', '0', 'x-ratelimit-reset-requests', '1795255230000'], 30_000],
    [['x-ratelimit-remaining-requests', '0', 'x-ratelimit-reset-requests', '1795255100'], 0],
    [
      [
        'x-ratelimit-remaining-tokens',
        '0',
        'x-ratelimit-reset-tokens',
        '6m0s',
        'x-ratelimit-remaining-requests',
        '5',
        'x-ratelimit-reset-requests',
        '1h',
      ],
      360_000,
    ],
  ])('%j is %d ms', (headers, ms) => {
    expect(retryAfterMs(headers, now)).toBe(ms);
  });

  it.each([
    [[]],
    [['retry-after', 'soon']],
    [['retry-after', '-5']],
    [['retry-after', '']],
    [['retry-after', 'NaN']],
    [['retry-after', 'Sat Nov 21']],
    [['retry-after', 'Sat, 99 Nov 2026']],
    [['x-ratelimit-reset-requests', '1s']],
    [['x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-requests', '1s']],
    [['x-ratelimit-remaining-requests', '7', 'x-ratelimit-reset-requests', '1s']],
    [['x-ratelimit-remaining-requests', '0', 'x-ratelimit-reset-requests', 'later']],
  ])('%j asks for none', (headers) => {
    expect(retryAfterMs(headers, now)).toBeUndefined();
  });

  it.each([
    [['date', 'Sat, 21 Nov 2026 07:00:00 GMT', 'retry-after', 'Sat, 21 Nov 2026 07:00:30 GMT'], 30_000],
    [['date', 'soon', 'retry-after', 'Sat, 21 Nov 2026 10:00:30 GMT'], 30_000],
  ])('is read against the clock of the reply where it tells its own: %j is %d ms', (headers, ms) => {
    expect(retryAfterMs(headers, now)).toBe(ms);
  });

  it('of a reply that tells its own time is the same on a machine whose clock is an hour off', () => {
    const headers = ['date', 'Sat, 21 Nov 2026 10:00:00 GMT', 'retry-after', 'Sat, 21 Nov 2026 10:00:30 GMT'];
    expect([-3_600_000, 0, 3_600_000].map((off) => retryAfterMs(headers, now + off))).toEqual([30_000, 30_000, 30_000]);
  });

  it('is never negative and never NaN, whatever is written', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (a, b, c) => {
        const reset = ['x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', c];
        const ms = retryAfterMs(['date', c, 'retry-after-ms', a, 'retry-after', b, ...reset], now);
        expect(ms === undefined || ms >= 0).toBe(true);
      }),
    );
  });

  it('is as long as a span of hours, minutes and seconds says', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(59), fc.nat(59), (h, m, s) => {
        const headers = ['x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', `${h}h${m}m${s}s`];
        expect(retryAfterMs(headers, now)).toBe(((h * 60 + m) * 60 + s) * 1000);
      }),
    );
  });
});
