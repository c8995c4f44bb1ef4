import { describe, expect, it } from 'vitest';
import type { Reply, ReplyHead } from '../../src/core/outcome.ts';
import { gemini } from '../../src/llm/gemini.ts';
import { createGate } from '../../src/policies/gate.ts';
import { gateLimits as limits } from './held-gate.ts';
import { context, exchange, head, openReply, request, script, textOf } from './kit.ts';

const limited = JSON.stringify({
  error: {
    code: 429,
    status: 'RESOURCE_EXHAUSTED',
    details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.07s' }],
  },
});

/** What a gate makes of a 429 of Gemini's with that body. */
async function gated(body: string, facts: Partial<ReplyHead> = {}): Promise<Reply> {
  const open = openReply(head({ status: 429, verdict: 'client-error', headers: ['content-type', 'application/json'], ...facts }));
  const asked = request({ method: 'POST', path: '/v1/models/gemini-3:generateContent' });
  const gate = createGate({ holds: true }, { clock: context().clock });
  const handed = gate.run(exchange({ dialect: gemini, limits, request: asked }), script(open.reply));
  open.push(body);
  open.end();
  return (await handed) as Reply;
}

describe('a gate around an error that says when to come back', () => {
  it('hands the wait up that stands in its body, and all of the body', async () => {
    const reply = await gated(limited);
    expect(reply).toMatchObject({ status: 429, verdict: 'rate-limited', retryAfterMs: 34_070 });
    expect(await textOf(reply)).toBe(limited);
  });

  it('goes by the head where that says it, too', async () => {
    expect((await gated(limited, { retryAfterMs: 500 })).retryAfterMs).toBe(500);
  });

  it.each(['"34"', '"-1s"', '"soon"', '34', 'null'])('takes %s for no wait', async (delay) => {
    expect((await gated(limited.replace('"34.07s"', delay))).retryAfterMs).toBeUndefined();
  });
});
