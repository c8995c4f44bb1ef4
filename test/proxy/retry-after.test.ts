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
    [['x-ratelimit-remaining-requests', '0', 'x-ratelimit-reset-requests', '1s'], 1000],
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
    [['x-ratelimit-remaining-requests', '7', 'x-ratelimit-reset-requests', '1s']],
    [['x-ratelimit-remaining-requests', '0', 'x-ratelimit-reset-requests', 'later']],
  ])('%j asks for none', (headers) => {
    expect(retryAfterMs(headers, now)).toBeUndefined();
  });

  it('is never negative and never NaN, whatever is written', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const ms = retryAfterMs(['retry-after-ms', a, 'retry-after', b], now);
        expect(ms === undefined || ms >= 0).toBe(true);
      }),
    );
  });
});
