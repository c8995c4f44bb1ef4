/** `node bench/telling.ts`: what the metrics take of each call, in CPU time. A few microseconds are nothing; it was about half of one. */
import type { CallInfo } from '../src/core/journal.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { median } from './statistics.ts';

const calls = 50_000;
const rounds = 7;

const { subscriber } = createMetrics({
  version: 'bench',
  upstreams: ['openai'],
  routes: [{ path: '/openai', upstream: 'openai' }],
  bounds: { agents: 50, models: 40, tools: 60 },
  observe: () => ({ upstreams: new Map() }),
});
const usage = { input: 1, output: 1, cacheRead: 1, cacheWrite: 1, reasoning: 1 };

function tell(index: number): void {
  const call: CallInfo = {
    id: `call-${index}`,
    agent: { name: 'planner', source: 'header' },
    route: '/openai',
    upstream: 'openai',
    method: 'POST',
    startedAt: 0,
    ledger: () => '',
  };
  const attempt = { attempt: 1, upstream: 'openai', verdict: 'ok' } as const;
  subscriber.on({ kind: 'call-started', attempt: 0 }, call);
  subscriber.on({ kind: 'attempt-started', attempt: 1, upstream: 'openai' }, call);
  subscriber.on({ kind: 'attempt-answered', ...attempt, origin: 'upstream', status: 200, ms: 12 }, call);
  subscriber.on({ kind: 'committed', attempt: 1, status: 200, ms: 13, overheadMs: 0.4, streamed: true }, call);
  subscriber.on({ kind: 'attempt-ended', ...attempt, ms: 30, bytes: 20, complete: true, model: 'gpt-5', usage }, call);
  subscriber.on({ kind: 'call-ended', attempt: 0, outcome: 'ok', status: 200, ms: 40, requestBytes: 10, responseBytes: 20 }, call);
}

const microseconds: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  const before = process.cpuUsage();
  for (let index = 0; index < calls; index += 1) tell(index);
  const { user, system } = process.cpuUsage(before);
  microseconds.push((user + system) / calls);
}
console.log(`the metrics take ${median(microseconds).toFixed(2)} µs of CPU time a call, the median of ${rounds} rounds`);
