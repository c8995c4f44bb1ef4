import { describe, expect, it } from 'vitest';
import { headDecision } from '../../../src/telemetry/traces/head-decision.ts';
import { RandomIds } from '../../../src/telemetry/traces/random-ids.ts';
import { http, ok } from '../../kit/http-text.ts';
import { answer, rawUpstream } from '../../kit/raw-upstream.ts';
import { agentParent, behindRoot, parentIn, traced } from './kit.ts';

const busy = http(['HTTP/1.1 503 Busy', 'Content-Length: 0']);
const unsampled = agentParent.replace(/01$/, '00');
const quickRetry = { attempts: 2, backoff: { strategy: 'fixed', base: '1ms', jitter: 'none' } };

describe('which traces are kept', () => {
  it('is decided by the caller that has a trace of its own, and told upstream', async () => {
    const upstream = await rawUpstream();
    const it = await traced(behindRoot(upstream), { traces: { sample: '50%' } });
    await it.ask(['GET /a HTTP/1.1', `traceparent: ${unsampled}`]);
    await it.ask(['GET /b HTTP/1.1', `traceparent: ${agentParent}`]);
    await it.spans();
    expect(upstream.requests.map((request) => parentIn(request).flags)).toEqual(['00', '01']);
    expect(it.receiver.span('server').attributes['outrigger.kept_for']).toBe('sample');
    expect(it.receiver.span('client').spanId).toBe(parentIn(upstream.requests[1]).spanId);
  });

  it.each([
    ['error', answer(http(['HTTP/1.1 400 No', 'Content-Length: 0'])), {}, 1],
    ['retry', answer((_, index) => (index === 0 ? busy : ok())), { retry: quickRetry }, 2],
    ['fallback', answer(busy), { fallback: [{ upstream: 'spare' }] }, 2],
  ])('is everything with %s, though the flag upstream says that it was not sampled', async (kind, script, policy, attempts) => {
    const upstream = await rawUpstream(script);
    const spare = await rawUpstream();
    const config = behindRoot(upstream, policy);
    const it = await traced({ ...config, upstreams: { ...(config['upstreams'] as object), spare: { url: spare.url, dialect: 'http' } } });
    await it.ask(['GET /a HTTP/1.1', `traceparent: ${unsampled}`]);
    const spans = await it.spans();
    expect(it.receiver.span('server').attributes['outrigger.kept_for']).toBe(kind);
    expect(spans.filter((span) => span.kind === 'client')).toHaveLength(attempts);
    for (const request of [...upstream.requests, ...spare.requests]) expect(parentIn(request).flags).toBe('00');
  });

  it('is not what alwaysOn leaves out', async () => {
    const upstream = await rawUpstream(answer(http(['HTTP/1.1 500 No', 'Content-Length: 0'])));
    const it = await traced(behindRoot(upstream), { traces: { alwaysOn: ['retry', 'loop'] } });
    await it.ask(['GET /a HTTP/1.1']);
    expect(await it.spans()).toEqual([]);
    expect(it.receiver.requests).toEqual([]);
  });

  it('has no span for an attempt that a circuit refused, but tells of it', async () => {
    const upstream = await rawUpstream(answer(busy));
    const it = await traced(behindRoot(upstream, { circuitBreaker: { failures: 1 } }));
    await it.ask(['GET /a HTTP/1.1']);
    await it.ask(['GET /b HTTP/1.1']);
    const spans = await it.spans();
    expect(spans.filter(({ kind }) => kind === 'client')).toHaveLength(1);
    const refused = spans.find(({ attributes }) => attributes['outrigger.outcome'] === 'refused');
    expect(refused?.status).toBe(2);
    expect(refused?.events.map(({ name }) => name)).toContain('outrigger.circuit-refused');
    const opened = spans.find(({ kind }) => kind === 'client')?.events.find(({ name }) => name === 'outrigger.circuit');
    expect(opened?.attributes).toMatchObject({ 'outrigger.from': 'closed', 'outrigger.to': 'open' });
  });
});

describe('the head decision', () => {
  it('samples the share of new traces that was asked for', () => {
    const ids = new RandomIds();
    const sampled = Array.from({ length: 20_000 }, () => headDecision(ids.trace(), undefined, { ratio: 0.1, parentBased: true }));
    const share = sampled.filter(Boolean).length / sampled.length;
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.12);
  });

  it('depends on the id alone, so that all who sample a trace decide alike, and more of it keeps what less does', () => {
    const ids = new RandomIds();
    for (let i = 0; i < 1000; i += 1) {
      const id = ids.trace();
      const [less, more] = [0.1, 0.5].map((ratio) => headDecision(id, undefined, { ratio, parentBased: true }));
      expect(less === true && more === false).toBe(false);
    }
    expect(headDecision(ids.trace(), undefined, { ratio: 1, parentBased: true })).toBe(true);
    expect(headDecision(ids.trace(), undefined, { ratio: 0, parentBased: true })).toBe(false);
  });

  it('draws ids that are never the same', () => {
    const ids = new RandomIds();
    const drawn = Array.from({ length: 5000 }, () => ids.span());
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(drawn.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
    expect(ids.trace()).toMatch(/^[0-9a-f]{32}$/);
  });
});
