import type { CallOutcome, Event } from '../../src/core/event.ts';
import type { CallInfo } from '../../src/core/journal.ts';
import { createMetrics, type Metrics, type MetricsOptions } from '../../src/telemetry/metrics.ts';

/** A call as the data plane would tell of it. */
export function call(facts: Partial<CallInfo> = {}): CallInfo {
  return {
    id: 'call-1',
    agent: { name: 'planner', source: 'header' },
    route: '/openai',
    upstream: 'openai',
    method: 'POST',
    startedAt: 0,
    ledger: () => 'openai/gpt-5;verdict=ok;ms=12',
    ...facts,
  };
}

export function callEnded(outcome: CallOutcome, more: Partial<Extract<Event, { kind: 'call-ended' }>> = {}): Event {
  return { kind: 'call-ended', attempt: 0, outcome, status: 200, ms: 40, requestBytes: 10, responseBytes: 20, ...more };
}

export function answered(upstream: string, more: Partial<Extract<Event, { kind: 'attempt-answered' }>> = {}): Event {
  return { kind: 'attempt-answered', attempt: 1, upstream, verdict: 'ok', origin: 'upstream', status: 200, ms: 12, ...more };
}

export function attemptEnded(upstream: string, more: Partial<Extract<Event, { kind: 'attempt-ended' }>> = {}): Event {
  return { kind: 'attempt-ended', attempt: 1, upstream, verdict: 'ok', ms: 30, bytes: 20, complete: true, ...more };
}

export function committed(more: Partial<Extract<Event, { kind: 'committed' }>> = {}): Event {
  return { kind: 'committed', attempt: 1, status: 200, ms: 13, overheadMs: 0.4, streamed: false, ...more };
}

/** Metrics of a sidecar with two upstreams, each behind a route of its own. */
export function metricsFor(more: Partial<MetricsOptions> = {}): Metrics {
  return createMetrics({
    version: '1.2.3',
    upstreams: ['openai', 'spare'],
    routes: [
      { path: '/openai', upstream: 'openai' },
      { path: '/spare', upstream: 'spare' },
    ],
    bounds: { agents: 50, models: 40, tools: 60 },
    observe: () => ({ upstreams: new Map() }),
    ...more,
  });
}

/** The samples of a scrape, by name and labels as they stand in it. */
export function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

/** The samples of one metric, summed. Throws where there are none: a sum over nothing proves nothing. */
export function total(text: string, name: string): number {
  const values = [...samples(text)].filter(([sample]) => sample === name || sample.startsWith(`${name}{`));
  if (values.length === 0) throw new Error(`there is no ${name}`);
  return values.reduce((sum, [, value]) => sum + value, 0);
}
