import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { createRetry, retrySettings } from '../../src/policies/retry.ts';
import { context, exchange, script, wholeReply } from './kit.ts';

type Overrides = z.input<typeof retrySettings>;

/** When the second attempt was sent, and what was told about it. */
async function play(retryAfterMs: number, overrides: Overrides = {}, deadline = Number.POSITIVE_INFINITY) {
  const given = context();
  const call = exchange({ deadline });
  const limited = wholeReply({ verdict: 'rate-limited', status: 429, retryAfterMs });
  let sentAt: number | undefined;
  const inner = script(limited, () => {
    sentAt = given.clock.now();
    return wholeReply();
  });
  const outcome = createRetry(retrySettings.parse({ backoff: { jitter: 'none' }, ...overrides }), given).run(call, inner);
  await given.clock.advance(100_000);
  const source = call.noted('retry')[0]?.source;
  const why = call.noted('retry-given-up')[0]?.why;
  return { sentAt, source, why, passedOn: (await outcome) === limited };
}

describe('Retry-After', () => {
  it('makes the wait as long as it says', async () => {
    expect(await play(7000)).toMatchObject({ sentAt: 7000, source: 'retry-after' });
  });

  it('does not make the wait shorter', async () => {
    expect(await play(100)).toMatchObject({ sentAt: 500, source: 'computed' });
  });

  it('is waited for up to its maximum', async () => {
    expect(await play(60_000)).toMatchObject({ sentAt: 60_000 });
  });

  it('above its maximum ends the retries, and the reply is passed on', async () => {
    expect(await play(60_001)).toEqual({ sentAt: undefined, source: undefined, why: 'retry-after', passedOn: true });
  });

  it('that the deadline would cut ends the retries, and the reply is passed on', async () => {
    expect(await play(7000, {}, 7000)).toEqual({ sentAt: undefined, source: undefined, why: 'deadline', passedOn: true });
    expect(await play(7000, {}, 7001)).toMatchObject({ sentAt: 7000 });
  });

  it('is not looked at where it is not respected', async () => {
    expect(await play(86_400_000, { retryAfter: { respect: false } })).toMatchObject({ sentAt: 500, source: 'computed' });
  });
});
