import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { CallInfo } from '../../src/core/journal.ts';
import type { Metrics } from '../../src/telemetry/metrics.ts';
import { answered, attemptEnded, call, callEnded, committed, metricsFor, total } from './kit.ts';

const upstreams = Array.from({ length: 20 }, (_, index) => `upstream-${index}`);
const usage = { input: 1, output: 1, cacheRead: 1, cacheWrite: 1, reasoning: 1 };

/** Calls each of which names an agent, a model, a path and a tool that nobody has named before, at one upstream after the other. */
function tell({ subscriber }: Metrics, calls: number, from = 0): void {
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

function bigMetrics(): Metrics {
  const routes = upstreams.slice(0, 12).map((upstream) => ({ path: `/${upstream}`, upstream }));
  const servers = new Map(upstreams.map((name) => [name, { address: `${name}.example.org`, port: 443, provider: 'openai' }]));
  return metricsFor({ upstreams, routes, servers, conventions: { version: 'v1.41', scheme: 'http', operationOf: () => 'chat' } });
}

test('10,000 names at 20 upstreams stay below 20,000 lines, and all that is counted adds up', async () => {
  const metrics = bigMetrics();
  tell(metrics, 10_000);
  const text = await metrics.text();
  expect(text.split('\n').length).toBeLessThan(20_000);
  expect(total(text, 'outrigger_llm_tokens_total')).toBe(50_000);
  expect(total(text, 'outrigger_tool_calls_total')).toBe(2000);
  expect(total(text, 'outrigger_requests_total')).toBe(10_000);
});

test('memory does not grow with the names', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const metrics = bigMetrics();
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  tell(metrics, 10_000);
  await metrics.text();
  const before = used();
  tell(metrics, 10_000, 10_000);
  await metrics.text();
  expect(used() - before).toBeLessThan(500_000);
});

test('the longest scrape takes less than 100 ms of work and never more than 10 ms at a stretch', async () => {
  const metrics = bigMetrics();
  tell(metrics, 10_000);
  await metrics.text();
  // The processor time of this thread alone: what others do on the machine counts for nothing.
  const now = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const results: { longest: number; whole: number }[] = [];
  for (let round = 0; round < 7; round += 1) {
    let longest = 0;
    let whole = 0;
    let last = now();
    let over = false;
    const turn = () => {
      const at = now();
      longest = Math.max(longest, at - last);
      whole += at - last;
      last = at;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    await metrics.text();
    over = true;
    turn();
    results.push({ longest, whole });
  }
  const median = (of: 'longest' | 'whole') => results.map((result) => result[of]).sort((a, b) => a - b)[3]!;
  expect(median('whole')).toBeLessThan(100);
  expect(median('longest')).toBeLessThan(10);
});
