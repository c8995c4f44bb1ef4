import { describe, expect, it } from 'vitest';
import { anthropic } from '../../src/llm/anthropic.ts';
import { http } from '../../src/llm/http.ts';
import { chat, replyIn, streamed, whole } from './chaos-kit.ts';
import { request, textOf } from './kit.ts';

const never = () => {
  throw new Error('the upstream was asked');
};

describe('a fault in place of an answer', () => {
  it('delay: the request is sent late, and the answer is told to be no real one', async () => {
    for (const [stream, answer] of [
      [true, streamed],
      [false, whole],
    ] as const) {
      const test = chat({ faults: [{ kind: 'delay', for: '3s' }] }, answer, { stream });
      await test.clock.advance(2_999);
      expect(test.next.calls).toHaveLength(0);
      await test.clock.advance(1);
      expect(test.next.calls).toHaveLength(1);
      const reply = await replyIn(test);
      expect(reply).toMatchObject({ verdict: 'ok', origin: 'chaos' });
      expect(await textOf(reply)).toBe(await textOf(answer()));
      expect(await reply.ended).toMatchObject({ verdict: 'ok', complete: true });
      expect(test.on.noted('fault-injected')).toEqual([{ kind: 'fault-injected', attempt: 1, upstream: 'main', fault: 'delay' }]);
    }
  });

  it('delay: counts against the limits of the attempt', async () => {
    const limits = { firstBytePhase: 'firstByte', firstByteMs: 5_000, totalMs: 60_000, connectMs: 2_000 } as const;
    const short = chat({ faults: [{ kind: 'delay', for: '3s' }] }, streamed, { limits });
    await short.clock.advance(3_000);
    expect(short.next.calls[0]?.limits).toEqual({ firstBytePhase: 'firstByte', firstByteMs: 2_000, totalMs: 57_000, connectMs: 2_000 });

    const long = chat({ faults: [{ kind: 'delay', for: '9s' }] }, never, { limits });
    await long.clock.advance(5_000);
    expect(long.outcome).toMatchObject({ kind: 'failure', verdict: 'timeout', phase: 'firstByte', origin: 'chaos' });
    expect(long.on.noted('timeout')).toMatchObject([{ phase: 'firstByte', afterMs: 5_000 }]);
  });

  it('delay: ends at once when the agent leaves, and leaves no timer', async () => {
    const test = chat({ faults: [{ kind: 'delay', for: '1h' }] }, never, { limits: { firstBytePhase: 'firstByte' } });
    await test.clock.advance(10);
    test.on.hangUp();
    await test.clock.advance(0);
    expect(test.outcome).toMatchObject({ kind: 'failure', verdict: 'cancelled', sent: 'no' });
    expect(test.clock.pending).toBe(0);
  });

  it('status: is judged as the real one, with the wait that it asks for', async () => {
    const verdicts = { 429: 'rate-limited', 500: 'server-error', 503: 'overloaded', 529: 'overloaded', 401: 'auth', 400: 'client-error' };
    for (const stream of [true, false]) {
      for (const [status, verdict] of Object.entries(verdicts)) {
        const test = chat({ faults: [{ kind: 'status', status: Number(status), retryAfter: '1500ms' }] }, never, { stream, gate: true });
        const reply = await replyIn(test);
        expect(reply).toMatchObject({ verdict, status: Number(status), origin: 'chaos', retryAfterMs: 1500 });
        expect(reply.headers).toEqual(expect.arrayContaining(['retry-after', '2']));
        expect(JSON.parse(await textOf(reply))).toMatchObject({ error: { message: `An injected fault: status ${status}.` } });
        expect(test.on.noted('fault-injected')).toMatchObject([{ fault: 'status' }]);
      }
    }
  });

  it('status: takes a body of one’s own, which may say more', async () => {
    const body = JSON.stringify({ error: { code: 'insufficient_quota', message: 'spent' } });
    const reply = await replyIn(chat({ faults: [{ kind: 'status', status: 429, body }] }, never, { gate: true }));
    expect(reply.verdict).toBe('quota-exhausted');
    expect(await textOf(reply)).toBe(body);
  });

  it('reset and refuse: fail as the transport does, and tell whether the upstream may have seen it', async () => {
    for (const stream of [true, false]) {
      const reset = await chat({ faults: [{ kind: 'reset' }] }, never, { stream, gate: true }).run;
      expect(reset).toMatchObject({ kind: 'failure', verdict: 'network', code: 'upstream_unreachable', sent: 'maybe', origin: 'chaos' });
      const refuse = await chat({ faults: [{ kind: 'refuse' }] }, never, { stream, gate: true }).run;
      expect(refuse).toMatchObject({ kind: 'failure', verdict: 'network', code: 'upstream_unreachable', sent: 'no', origin: 'chaos' });
    }
  });

  it('timeout: takes as long as the limit that runs out', async () => {
    const limits = { firstBytePhase: 'answer', firstByteMs: 8_000, connectMs: 2_000, totalMs: 30_000 } as const;
    for (const [fault, phase, afterMs, sent] of [
      [{ kind: 'timeout' }, 'answer', 8_000, 'maybe'],
      [{ kind: 'timeout', phase: 'connect' }, 'connect', 2_000, 'no'],
    ] as const) {
      const test = chat({ faults: [fault] }, never, { stream: false, limits });
      await test.clock.advance(afterMs - 1);
      expect(test.outcome).toBeUndefined();
      await test.clock.advance(1);
      expect(test.outcome).toMatchObject({ kind: 'failure', verdict: 'timeout', code: 'upstream_timeout', phase, sent, origin: 'chaos' });
      expect(test.on.noted('timeout')).toMatchObject([{ attempt: 1, upstream: 'main', phase, afterMs }]);
    }
    const total = chat({ faults: [{ kind: 'timeout' }] }, never, { limits: { firstBytePhase: 'answer', totalMs: 700 } });
    await total.clock.advance(700);
    expect(total.outcome).toMatchObject({ verdict: 'timeout', phase: 'total' });
  });

  it('timeout: without limits it ends by the deadline or the agent alone', async () => {
    for (const limits of [{ firstBytePhase: 'answer' }, { firstBytePhase: 'answer', firstByteMs: 60_000 }] as const) {
      const test = chat({ faults: [{ kind: 'timeout' }] }, never, { limits });
      await test.clock.advance(30_000);
      expect(test.outcome).toBeUndefined();
      test.on.abort({ verdict: 'timeout', code: 'deadline_exceeded', message: 'too late', phase: 'deadline' });
      await test.clock.advance(0);
      expect(test.outcome).toMatchObject({ verdict: 'timeout', code: 'deadline_exceeded' });
      expect(test.clock.pending).toBe(0);
    }
  });

  it('empty-200: has the type that was asked for and nothing in it, and is judged bad', async () => {
    for (const [stream, type] of [
      [true, 'text/event-stream'],
      [false, 'application/json'],
    ] as const) {
      const plain = await replyIn(chat({ faults: [{ kind: 'empty-200' }] }, never, { stream }));
      expect(plain).toMatchObject({ status: 200, verdict: 'ok', origin: 'chaos', empty: true });
      expect(plain.headers).toEqual(['content-type', type, ...(stream ? [] : ['content-length', '0'])]);
      expect(await textOf(plain)).toBe('');
      const judged = await replyIn(chat({ faults: [{ kind: 'empty-200' }] }, never, { stream, gate: true }));
      expect(judged).toMatchObject({ status: 200, verdict: 'server-error', origin: 'chaos' });
    }
  });

  it('in-band-error: an answer that is not streamed is a 200 that holds the format’s own error', async () => {
    const openai = await replyIn(chat({ faults: [{ kind: 'in-band-error' }] }, never, { stream: false, gate: true }));
    expect(openai).toMatchObject({ status: 200, verdict: 'server-error', origin: 'chaos' });
    const told = await textOf(openai);
    expect(JSON.parse(told)).toMatchObject({ error: { type: 'server_error', message: 'An injected fault.' } });
    expect(openai.headers).toEqual(['content-type', 'application/json', 'content-length', String(told.length)]);

    const call = { kind: 'llm', stream: false, repeatable: true, stateful: false } as const;
    const messages = request({ method: 'POST', path: '/v1/messages', call: () => call });
    const other = await replyIn(
      chat({ faults: [{ kind: 'in-band-error' }] }, never, { dialect: anthropic, request: messages, gate: true }),
    );
    expect(other).toMatchObject({ status: 200, verdict: 'server-error' });
    expect(JSON.parse(await textOf(other))).toMatchObject({ type: 'error', error: { type: 'api_error' } });
  });

  it('in-band-error: passes by where the format has no such thing', async () => {
    for (const overrides of [
      { dialect: http },
      { request: request({ call: () => ({ kind: 'other', repeatable: true, stateful: false }) }) },
    ]) {
      const test = chat({ faults: [{ kind: 'in-band-error' }] }, whole, overrides);
      expect(await replyIn(test)).toMatchObject({ origin: 'upstream', verdict: 'ok' });
      expect(test.on.noted('fault-injected')).toEqual([]);
    }
  });

  it('empty-200: is no answer to an upgrade', async () => {
    const test = chat({ faults: [{ kind: 'empty-200' }] }, whole, { request: request({ upgrade: 'websocket' }) });
    expect(await replyIn(test)).toMatchObject({ origin: 'upstream' });
    expect(test.on.noted('fault-injected')).toEqual([]);
  });
});
