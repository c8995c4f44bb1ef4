import type { CallInfo } from '../../src/core/journal.ts';
import type { Metrics } from '../../src/telemetry/metrics.ts';
import { answered, attemptEnded, call, callEnded, committed, metricsFor } from './kit.ts';

const upstreams = Array.from({ length: 20 }, (_, index) => `upstream-${index}`);
const usage = { input: 1, output: 1, cacheRead: 1, cacheWrite: 1, reasoning: 1 };

/** Calls each of which names an agent, a model, a path and a tool that nobody has named before, at one upstream after the other. */
export function tell({ subscriber }: Metrics, calls: number, from = 0): void {
  for (let index = from; index < from + calls; index += 1) {
    const name = `${index.toString(36)}-${Math.random().toString(36).slice(2)}`;
    // Models of the first hundred names are asked for at every upstream.
    const model = index % 2 ? `model-${index % 100}` : name;
    const upstream = upstreams[Math.floor(index / 3) % 20]!;
    const asked = { kind: index % 5 ? 'llm' : 'tool', repeatable: false, stateful: false, tool: name, model } as const;
    const one: CallInfo = call({ agent: { name, source: 'header' }, route: index % 7 ? upstream : name, upstream, asked });
    subscriber.on(answered(upstream, { model }), one);
    subscriber.on(committed({ streamed: index % 3 === 0 }), one);
    subscriber.on({ kind: 'fallback', attempt: 1, from: name, to: `${name}/m`, reason: 'overloaded' }, one);
    subscriber.on({ kind: 'agent-paused', attempt: 0, agent: name, reason: name }, one);
    subscriber.on(attemptEnded(upstream, { model, usage, costUsd: 0.01 }), one);
    const wasted = [{ attempt: 1, upstream, model, why: 'retry', tokens: 1, costUsd: 0.01 }] as const;
    subscriber.on(callEnded('ok', { spent: { usage, unpriced: 0, wasted } }), one);
  }
}

/** Metrics of as many upstreams and routes as a sidecar may have. */
export function bigMetrics(): Metrics {
  const routes = upstreams.slice(0, 12).map((upstream) => ({ path: `/${upstream}`, upstream }));
  const servers = new Map(upstreams.map((name) => [name, { address: `${name}.example.org`, port: 443, provider: 'openai' }]));
  return metricsFor({ upstreams, routes, servers, conventions: { version: 'v1.41', scheme: 'http', operationOf: () => 'chat' } });
}
