/** `node bench/telling.ts`: what the metrics take of each call, and the alerts of each event that matches a rule, in CPU time. */
import { AlertEngine } from '../src/alerts/engine.ts';
import { alertsSettings } from '../src/alerts/settings.ts';
import { systemClock } from '../src/core/clock.ts';
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
const engine = new AlertEngine({
  clock: systemClock,
  random: Math.random,
  records: { commit: async () => true, health: () => ({ persistent: true }), close: async () => {} },
  known: [],
  sources: { advice: () => '', links: () => ({}) },
  publish: () => {},
});
const rules = ['chaos-on', 'circuit-open', 'agent-paused'].map((on) => ({ on, send: [] }));
engine.configure(alertsSettings.parse({ rules, escalation: [] }), new Map());

const usage = { input: 1, output: 1, cacheRead: 1, cacheWrite: 1, reasoning: 1 };
const attempt = { attempt: 1, upstream: 'openai', verdict: 'ok' } as const;

function tell(call: CallInfo): void {
  subscriber.on({ kind: 'call-started', attempt: 0 }, call);
  subscriber.on({ kind: 'attempt-started', attempt: 1, upstream: 'openai' }, call);
  subscriber.on({ kind: 'attempt-answered', ...attempt, origin: 'upstream', status: 200, ms: 12 }, call);
  subscriber.on({ kind: 'committed', attempt: 1, status: 200, ms: 13, overheadMs: 0.4, streamed: true }, call);
  subscriber.on({ kind: 'attempt-ended', ...attempt, ms: 30, bytes: 20, complete: true, model: 'gpt-5', usage }, call);
  subscriber.on({ kind: 'call-ended', attempt: 0, outcome: 'ok', status: 200, ms: 40, requestBytes: 10, responseBytes: 20 }, call);
}

function match(call: CallInfo): void {
  engine.on({ kind: 'fault-injected', attempt: 1, upstream: 'openai', fault: 'status' }, call);
}

/** CPU time of one of them in microseconds, the median of some rounds. */
function cpuUs(act: (call: CallInfo) => void): string {
  const found: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage();
    for (let index = 0; index < calls; index += 1) act(callOf(index));
    const { user, system } = process.cpuUsage(before);
    found.push((user + system) / calls);
  }
  return median(found).toFixed(2);
}

function callOf(index: number): CallInfo {
  const agent = { name: 'planner', source: 'header' } as const;
  return { id: `call-${index}`, agent, route: '/openai', upstream: 'openai', method: 'POST', startedAt: 0, ledger: () => '' };
}

console.log(`CPU time: the metrics take ${cpuUs(tell)} µs of a call, the alerts ${cpuUs(match)} µs of an event that matches a rule`);
const [incident] = engine.incidents();
if (incident?.count !== rounds * calls) throw new Error(`${incident?.count} events were counted instead of ${rounds * calls}`);
await engine.close();
