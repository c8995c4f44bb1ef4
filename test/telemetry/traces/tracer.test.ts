import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/core/event.ts';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { openai } from '../../../src/llm/openai.ts';
import type { FinishedSpan } from '../../../src/telemetry/traces/span-sink.ts';
import { Tracer } from '../../../src/telemetry/traces/tracer.ts';
import { body, post } from '../../policies/kit.ts';
import { answered, attemptEnded, callEnded, call as callOf } from '../kit.ts';

function tracing(ratio = 0) {
  const spans: FinishedSpan[] = [];
  const clock = new ManualClock();
  const tracer = new Tracer({
    terms: {
      head: { ratio, parentBased: true },
      alwaysOn: new Set(['error', 'retry', 'fallback', 'loop'] as const),
      capture: false,
      semconv: 'v1.41',
    },
    upstreams: new Map(),
    clock,
    reader: { context: () => undefined, request: () => ({}), conversation: () => undefined },
    sink: { add: (trace) => spans.push(...trace) },
    scheme: 'http',
  });
  const call = callOf({ trace: tracer.begin([]) });
  const tell = (...events: Event[]) => {
    for (const event of events) tracer.on(event, call);
    tracer.flush();
  };
  return { spans, clock, tracer, tell };
}

/** All attributes of a span that have a value. */
function toldBy(span: FinishedSpan | undefined): Record<string, unknown> {
  return Object.fromEntries((span?.attributes ?? []).flatMap(Object.entries).filter(([, value]) => value !== undefined));
}

const reasons = { upstream: 'openai', attempt: 1 } as const;

describe('a call', () => {
  it.each<[string | undefined, Event]>([
    ['loop', { kind: 'loop-detected', attempt: 0, loop: 'cycle', action: 'warn', count: 3 }],
    ['loop', { kind: 'agent-paused', attempt: 0, agent: 'planner', reason: 'a loop' }],
    ['fallback', { kind: 'fallback-exhausted', ...reasons, reason: 'overloaded' }],
    ['error', { kind: 'stream-broken', ...reasons, verdict: 'network' }],
    ['error', { kind: 'cache', attempt: 0, result: 'stale' }],
    ['error', { kind: 'bug', attempt: 0, error: new Error('x') }],
    [undefined, { kind: 'cache', attempt: 0, result: 'hit' }],
    [undefined, { kind: 'would', attempt: 0, event: { kind: 'loop-detected', attempt: 0, loop: 'cycle', action: 'warn', count: 3 } }],
  ])('is kept for %s by what it tells', (kept, event) => {
    const it = tracing();
    it.tell({ kind: 'call-started', attempt: 0 }, event, callEnded('ok'));
    expect(it.spans.map((span) => toldBy(span)['outrigger.kept_for'])).toEqual(kept === undefined ? [] : [kept]);
  });

  it('keeps 128 events of a tunnel that tells of more, and its attempt all the same', () => {
    const it = tracing(1);
    const usage = { input: 3, output: 4, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
    it.tell({ kind: 'call-started', attempt: 0 }, { kind: 'attempt-started', attempt: 1, upstream: 'openai' }, answered('openai'));
    for (let i = 0; i < 500; i += 1) it.tell({ kind: 'tunnel-answered', ...reasons, verdict: 'ok', complete: true, usage });
    it.tell(attemptEnded('openai'), callEnded('ok'));
    const [server, client] = it.spans;
    expect(client?.events).toHaveLength(125);
    expect(server?.droppedEvents).toBe(375);
    expect(client?.events[0]?.attributes).toMatchObject({ 'outrigger.tokens.input': 3, 'outrigger.tokens.cache_read': 0 });
    expect(toldBy(client)).toMatchObject({ 'outrigger.verdict': 'ok', 'outrigger.response_bytes': 20 });
  });

  it('is told by no event of the messages that pass through a WebSocket, of which there is one every second', () => {
    const it = tracing(1);
    it.tell({ kind: 'call-started', attempt: 0 }, { kind: 'attempt-started', attempt: 1, upstream: 'openai' }, answered('openai'));
    for (let second = 0; second < 500; second += 1) it.tell({ kind: 'tunnel-passed', ...reasons, sent: 1, received: 1 });
    it.tell({ kind: 'connected', ...reasons, ms: 3 }, attemptEnded('openai'), callEnded('ok'));
    const [server, client] = it.spans;
    expect(server?.droppedEvents).toBe(0);
    expect(client?.events.map(({ name }) => name)).toEqual(['outrigger.connected']);
  });

  it('has times by the wall clock, measured on the one that never jumps', async () => {
    const it = tracing(1);
    it.tell({ kind: 'call-started', attempt: 0 });
    await it.clock.advance(100);
    it.tell({ kind: 'attempt-started', attempt: 1, upstream: 'openai' });
    await it.clock.advance(50);
    it.tell(answered('openai', { status: undefined, verdict: 'network' }));
    it.clock.jumpWall(3_600_000);
    await it.clock.advance(10);
    it.tell(callEnded('upstream-error', { status: 502, ms: 160 }));
    const [server, client] = it.spans;
    const started = it.clock.wall() - 160;
    expect([server?.startMs, server?.endMs]).toEqual([started, started + 160]);
    expect([client?.startMs, client?.endMs]).toEqual([started + 100, started + 150]);
    expect([server?.failed, client?.failed, toldBy(client)['error.type']]).toEqual([true, true, 'network']);
  });

  it('that no route matched has no route', () => {
    const it = tracing();
    it.tracer.on(callEnded('client-error', { status: 404 }), callOf({ route: 'none', trace: it.tracer.begin([]), method: 'BREW' }));
    it.tracer.flush();
    expect(it.spans[0]?.name).toBe('HTTP');
    expect(toldBy(it.spans[0])).toMatchObject({ 'http.request.method': '_OTHER' });
    expect(toldBy(it.spans[0])).not.toHaveProperty(['http.route']);
  });
});

describe('the spans of calls that are over', () => {
  const over = (it: ReturnType<typeof tracing>, bytes?: Uint8Array) => {
    const trace = it.tracer.begin([]);
    if (bytes) trace.carries(post({ body: { ...body(''), bytes } }), openai);
    it.tracer.on(callEnded('ok'), callOf({ trace }));
  };

  it('are made of sixteen calls at a time', () => {
    const it = tracing(1);
    for (let i = 0; i < 15; i += 1) over(it);
    expect(it.spans).toHaveLength(0);
    over(it);
    expect(it.spans).toHaveLength(16);
    over(it);
    expect(it.spans).toHaveLength(16);
  });

  it('are made after 100 ms at the latest', async () => {
    const it = tracing(1);
    over(it);
    await it.clock.advance(99);
    expect(it.spans).toHaveLength(0);
    await it.clock.advance(1);
    expect(it.spans).toHaveLength(1);
    over(it);
    await it.clock.advance(100);
    expect(it.spans).toHaveLength(2);
  });

  it('do not wait where the requests are large', () => {
    const it = tracing(1);
    over(it, Buffer.alloc(200_000, ' '));
    expect(it.spans).toHaveLength(0);
    over(it, Buffer.alloc(100_000, ' '));
    expect(it.spans).toHaveLength(2);
  });

  it('are made though those of one of them cannot be, which the journal hears of', async () => {
    const it = tracing(1);
    over(it);
    const ledger = () => {
      throw new Error('no ledger');
    };
    it.tracer.on(callEnded('ok'), callOf({ trace: it.tracer.begin([]), ledger }));
    over(it);
    await it.clock.advance(100);
    expect(it.spans).toHaveLength(2);
    expect(() => over(it)).toThrow('no ledger');
    over(it);
    await it.clock.advance(100);
    expect(it.spans).toHaveLength(4);
  });

  it('do not wait where large answers are kept for them', () => {
    const it = tracing(1);
    it.tracer.configure({ terms: { ...it.tracer.terms, capture: true }, upstreams: new Map() });
    it.tracer.on(callEnded('ok', { responseBytes: 300_000 }), callOf({ trace: it.tracer.begin([]) }));
    expect(it.spans).toHaveLength(1);
  });

  it('are told by the configuration under which the calls ended', () => {
    const it = tracing(1);
    const capture = { terms: { ...it.tracer.terms, capture: true }, upstreams: new Map() };
    over(it, Buffer.from('{}'));
    it.tracer.configure(capture);
    over(it, Buffer.from('{}'));
    it.tracer.flush();
    expect(it.spans.map((span) => 'url.path' in toldBy(span))).toEqual([false, true]);
  });
});
