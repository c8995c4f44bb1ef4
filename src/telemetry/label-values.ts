import {
  type CallOutcome,
  type CircuitState,
  callOutcomes,
  type Event,
  type EventKind,
  faultKinds,
  loopKinds,
  type NotRetried,
  promptAdjustments,
  socketCloses,
  validationResults,
} from '../core/event.ts';
import type { TimeoutPhase } from '../core/outcome.ts';
import { severities } from '../core/severity.ts';
import { type Usage, wasteReasons } from '../core/usage.ts';
import { type Verdict, verdicts } from '../core/verdict.ts';

type EventOf<Kind extends EventKind> = Extract<Event, { kind: Kind }>;

/** Every value of the labels that the code enumerates: each stands at 0 from the start. */
export const labelValues = {
  outcome: callOutcomes satisfies readonly CallOutcome[],
  verdict: verdicts,
  /** What a retry can be asked for by. */
  reason: verdicts.filter((verdict) => verdict !== 'ok' && verdict !== 'cancelled' && verdict !== 'refused') satisfies Verdict[],
  /** What a fallback can be asked for by: a target that refuses leads on to the next as well. */
  moved: verdicts.filter((verdict) => verdict !== 'ok' && verdict !== 'cancelled') satisfies Verdict[],
  phase: keys<TimeoutPhase>({ connect: 0, firstByte: 0, answer: 0, idle: 0, total: 0, deadline: 0 }),
  notRetried: keys<NotRetried>({
    attempts: 0,
    budget: 0,
    deadline: 0,
    'retry-after': 0,
    unsafe: 0,
    'body-gone': 0,
    refused: 0,
    unhelpful: 0,
    slow: 0,
  }),
  waitSource: keys<EventOf<'retry'>['source']>({ computed: 0, 'retry-after': 0 }),
  circuit: keys<CircuitState>({ closed: 0, 'half-open': 0, open: 0 }),
  rejected: keys<EventOf<'bulkhead-rejected'>['reason']>({ full: 0, wait: 0, share: 0 }),
  cache: keys<EventOf<'cache'>['result']>({ hit: 0, miss: 0, stale: 0, bypass: 0, stored: 0 }),
  degraded: ['cache', 'message'],
  loop: loopKinds,
  loopAction: keys<EventOf<'loop-detected'>['action']>({ warn: 0, nudge: 0, pause: 0, abort: 0 }),
  fault: faultKinds,
  adjustment: promptAdjustments,
  validation: validationResults,
  severity: severities,
  alertResult: ['ok', 'error', 'suppressed', 'deduplicated'],
  reload: keys<EventOf<'config-reloaded'>['result']>({ applied: 0, rejected: 0 }),
  would: [
    ...['timeout', 'retry', 'retry-given-up', 'circuit', 'circuit-refused', 'bulkhead-rejected', 'fallback', 'target-skipped'],
    ...['cache', 'degraded', 'loop-detected', 'agent-paused', 'fault-injected', 'prompt-adjusted', 'validated'],
  ],
  spansDropped: ['queue', 'export'],
  bounded: ['agent', 'model', 'tool', 'target'],
  check: [
    ...['overall', 'error-rate', 'latency', 'availability', 'breakers', 'cpu', 'memory', 'disk', 'event-loop'],
    ...['alert-delivery', 'alert-store'],
  ],
  tool: ['ok', 'tool-error', 'failed', 'cancelled', 'refused'],
  intervention: ['pause', 'resume'],
  actor: ['auto', 'human'],
  agentState: ['running', 'paused'],
  waste: wasteReasons,
  direction: ['input', 'output'],
  incident: ['acknowledged', 'resolved'],
  message: ['sent', 'received'],
  close: socketCloses,
  rateLimit: ['requests', 'tokens', 'input-tokens', 'output-tokens'],
} as const satisfies Record<string, readonly string[]>;

/** How the kinds of tokens are called in a label. */
export const tokenLabels = {
  input: 'input',
  output: 'output',
  cacheRead: 'cache_read',
  cacheWrite: 'cache_write',
  reasoning: 'reasoning',
} as const satisfies Record<keyof Usage, string>;

/** The value of a state in `outrigger_circuit_state`. */
export const circuitValues = { closed: 0, 'half-open': 1, open: 2 } as const satisfies Record<CircuitState, number>;

/** The members of a union, none forgotten. */
function keys<Member extends string>(members: Record<Member, 0>): readonly Member[] {
  return Object.keys(members) as Member[];
}
