import { describe, expect, it } from 'vitest';
import type { ProxiedRequest } from '../../src/core/exchange.ts';
import { failure } from '../../src/core/failure.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { createRetry, retrySettings } from '../../src/policies/retry.ts';
import { body, context, exchange, openReply, post, request, script, wholeReply } from './kit.ts';

const settings = retrySettings.parse({ backoff: { jitter: 'none' } });

async function play(sent: ProxiedRequest, ...answers: Outcome[]) {
  const given = context();
  const call = exchange({ request: sent });
  const inner = script(...answers);
  const outcome = createRetry(settings, given).run(call, inner);
  await given.clock.advance(60_000);
  return { outcome: await outcome, calls: inner.calls.length, why: call.noted('retry-given-up').map(({ why }) => why) };
}

const good = wholeReply();
const unsent = failure('upstream_unreachable', 'no connection', { sent: 'no' });
const perhapsSent = failure('upstream_unreachable', 'the connection was reset', { sent: 'maybe' });
const unavailable = wholeReply({ verdict: 'overloaded', status: 503 });
const limited = wholeReply({ verdict: 'rate-limited', status: 429 });
const broken = wholeReply({ verdict: 'server-error', status: 500 });
const generation = () => ({ kind: 'llm', repeatable: true, stateful: false }) as const;

describe('a POST that nothing declares safe', () => {
  it.each([
    ['nothing of it was sent', unsent],
    ['the upstream says that it was overloaded', unavailable],
    ['the upstream says that it was over its rate', limited],
  ])('is sent again when %s', async (_name, first) => {
    expect(await play(post(), first, good)).toEqual({ outcome: good, calls: 2, why: [] });
  });

  it.each([
    ['the upstream may have seen it', perhapsSent],
    ['no answer came in time', failure('upstream_timeout', 'no answer', { sent: 'maybe' })],
    ['the upstream failed on it', broken],
    ['a failure of ours only looks like an overload', failure('upstream_timeout', 'chaos', { verdict: 'overloaded', sent: 'maybe' })],
  ])('is not sent again when %s', async (_name, first) => {
    expect(await play(post(), first)).toEqual({ outcome: first, calls: 1, why: ['unsafe'] });
  });

  it('hands up the failure of an attempt that may have been processed, and not the 503 before it', async () => {
    const refused = openReply({ verdict: 'overloaded', status: 503 });

    expect(await play(post(), refused.reply, perhapsSent)).toEqual({ outcome: perhapsSent, calls: 2, why: ['unsafe'] });
    expect(refused.discarded).toBe(true);
  });
});

describe('a POST that is known to be safe', () => {
  it.each([
    ['its headers say so', post({ idempotent: true })],
    ['its wire format says so', post({ call: generation })],
    ['its wire format says so once the body was read', post({ call: () => Promise.resolve(generation()) })],
  ])('is sent again although the upstream may have seen it when %s', async (_name, sent) => {
    expect(await play(sent, perhapsSent, broken, good)).toEqual({ outcome: good, calls: 3, why: [] });
  });

  it('hands up the 503 before an attempt that may have been processed', async () => {
    const { outcome } = await play(post({ call: generation }), unavailable, perhapsSent, perhapsSent);

    expect(outcome).toBe(unavailable);
  });
});

describe('a body that cannot be read again', () => {
  it('is not sent again, even for an overload', async () => {
    expect(await play(request({ body: body('large', false) }), unavailable)).toEqual({
      outcome: unavailable,
      calls: 1,
      why: ['body-gone'],
    });
  });

  it('is sent when nothing of it was sent before', async () => {
    expect((await play(post({ body: body('large', false) }), unsent, good)).calls).toBe(2);
  });
});

describe('a description that waits for an upload', () => {
  it('is not waited for once the agent is gone', async () => {
    const given = context();
    const call = exchange({ request: post({ call: () => new Promise(() => {}) }) });
    const outcome = createRetry(settings, given).run(call, script(broken));
    await given.clock.advance(100);
    call.hangUp();

    expect(await outcome).toBe(broken);
  });
});
