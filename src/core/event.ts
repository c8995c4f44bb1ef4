import type { DialectName } from './dialect.ts';
import type { TimeoutPhase } from './outcome.ts';
import type { Severity } from './severity.ts';
import type { StreamGaps } from './stream-gaps.ts';
import type { CallSpent, Spared, Spent } from './usage.ts';
import type { Origin, Verdict } from './verdict.ts';

/** How a call went, as the agent saw it. */
export const callOutcomes = [
  'ok',
  'retried',
  'fell-back',
  'cached',
  'degraded',
  'client-error',
  'upstream-error',
  'timeout',
  'refused',
  'paused',
  'cancelled',
] as const;
export type CallOutcome = (typeof callOutcomes)[number];

/** Faults that are injected on purpose, for tests and game days. */
export const faultKinds = [
  'delay',
  'status',
  'reset',
  'refuse',
  'timeout',
  'cut',
  'stall',
  'slow-drip',
  'malformed',
  'in-band-error',
  'empty-200',
  'truncate',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** The ways in which an agent can go in circles, by what is the same in each round. */
export const loopKinds = [
  'repeat',
  'near-repeat',
  'cycle',
  'error',
  'monologue',
  'interleaved',
  'stagnation',
  'storm',
  'stream',
  'cap',
] as const;
export type LoopKind = (typeof loopKinds)[number];

/** What a retry may change in a prompt. */
export const promptAdjustments = ['add-context', 'simplify', 'rephrase', 'examples'] as const;
export type PromptAdjustment = (typeof promptAdjustments)[number];

/** How a WebSocket was closed: well, for an error, for a reason of the application's own, or without a word. */
export const socketCloses = ['normal', 'error', 'application', 'none'] as const;
export type SocketClose = (typeof socketCloses)[number];

export type CircuitState = 'closed' | 'half-open' | 'open';

/** Why a retry that the verdict allowed was not made. */
export type NotRetried = 'attempts' | 'budget' | 'deadline' | 'retry-after' | 'unsafe' | 'body-gone' | 'refused' | 'unhelpful' | 'slow';

/**
 * What became of the content of an answer when it was checked: fine, a fault, or why it could not be judged.
 * `schema-skipped`: all else was fine, and a schema was not one to be held against it.
 */
export const validationResults = [
  'valid',
  'empty',
  'cut',
  'json',
  'schema',
  'arguments',
  'too-long',
  'unreadable',
  'schema-skipped',
] as const;
export type ValidationResult = (typeof validationResults)[number];

/**
 * Everything that policies and the data plane tell. `attempt` is the number of the attempt it concerns, 0 for the whole
 * call. Times are milliseconds.
 */
export type Event =
  | { kind: 'call-started'; attempt: 0 }
  | { kind: 'attempt-started'; attempt: number; upstream: string; model?: string | undefined }
  /** The attempt's outcome is known: nothing of it has been sent to the agent yet. Tokens stand here where no end follows. */
  | (Spent & {
      kind: 'attempt-answered';
      attempt: number;
      upstream: string;
      model?: string | undefined;
      verdict: Verdict;
      origin: Origin;
      status?: number | undefined;
      ms: number;
      phase?: TimeoutPhase | undefined;
    })
  /** The attempt's body has ended as well. */
  | (Spent & {
      kind: 'attempt-ended';
      attempt: number;
      upstream: string;
      model?: string | undefined;
      verdict: Verdict;
      ms: number;
      bytes: number;
      complete: boolean;
      gaps?: StreamGaps | undefined;
    })
  /** One of the answers that a tunnel carries has ended. */
  | (Spent & {
      kind: 'tunnel-answered';
      attempt: number;
      upstream: string;
      model?: string | undefined;
      verdict: Verdict;
      complete: boolean;
    })
  /** Messages that a WebSocket has carried since it was last told; `closed` at its end. */
  | { kind: 'tunnel-passed'; attempt: number; upstream: string; sent: number; received: number; closed?: SocketClose }
  | { kind: 'retry'; attempt: number; upstream: string; reason: Verdict; waitMs: number; source: 'computed' | 'retry-after' }
  | { kind: 'retry-given-up'; attempt: number; upstream: string; reason: Verdict; why: NotRetried }
  /** A connection was opened for the attempt; `ms` with DNS, TCP and TLS. */
  | { kind: 'connected'; attempt: number; upstream: string; ms: number }
  | { kind: 'socket-resent'; attempt: number; upstream: string }
  | { kind: 'timeout'; attempt: number; upstream: string; phase: TimeoutPhase; afterMs: number }
  /** `model` where the circuit is that of one model alone. */
  | { kind: 'circuit'; attempt: number; upstream: string; model?: string; from: CircuitState; to: CircuitState; why: string }
  | { kind: 'circuit-refused'; attempt: number; upstream: string; model?: string; retryAfterMs: number }
  | { kind: 'bulkhead-waited'; attempt: number; upstream: string; waitMs: number }
  | { kind: 'bulkhead-rejected'; attempt: number; upstream: string; reason: 'full' | 'wait' | 'share' }
  | { kind: 'target-skipped'; attempt: number; upstream: string; model?: string; why: string }
  /** What follows is asked in the wire format `to`; `maxTokens` where that wants a limit of output tokens and the agent gave none. */
  | { kind: 'translated'; attempt: number; upstream: string; model?: string; to: DialectName; maxTokens?: number }
  | { kind: 'fallback'; attempt: number; from: string; to: string; reason: Verdict }
  /** No target of the chain has done better than the first, `upstream`, or they could not be asked. `reason` led to them. */
  | { kind: 'fallback-exhausted'; attempt: number; upstream: string; reason: Verdict }
  /** `spared` where the stored answer had cost tokens and stands in place of a call. */
  | { kind: 'cache'; attempt: 0; result: 'hit' | 'miss' | 'stale' | 'bypass' | 'stored'; ageMs?: number; spared?: Spared }
  | { kind: 'degraded'; attempt: 0; reason: Verdict; message: 'sentence' | 'body' }
  | { kind: 'loop-detected'; attempt: 0; loop: string; action: 'warn' | 'nudge' | 'pause' | 'abort'; count: number; tool?: string }
  /** The call goes on with a loop that was told, now or before: what it costs is for nothing. */
  | { kind: 'in-loop'; attempt: 0 }
  | { kind: 'agent-paused'; attempt: 0; agent: string; reason: string }
  | { kind: 'agent-resumed'; attempt: 0; agent: string; note: string; pausedMs?: number }
  | { kind: 'fault-injected'; attempt: number; upstream: string; fault: string }
  | { kind: 'prompt-adjusted'; attempt: number; adjustment: string }
  /** `detail`: the keyword of the schema that was not met, or why a schema was skipped. Never words of the call. */
  | { kind: 'validated'; attempt: number; upstream: string; result: ValidationResult; detail?: string }
  /** The head has gone to the agent. `overheadMs` is our own share of `ms`. */
  | { kind: 'committed'; attempt: number; status: number; ms: number; overheadMs: number; streamed: boolean }
  /** A committed stream died. */
  | { kind: 'stream-broken'; attempt: number; upstream: string; verdict: Verdict }
  | {
      kind: 'call-ended';
      attempt: 0;
      outcome: CallOutcome;
      status: number;
      ms: number;
      requestBytes: number;
      responseBytes: number;
      /** Put in by whoever keeps the accounts; undefined where no token was spent. */
      spent?: CallSpent | undefined;
    }
  | { kind: 'config-reloaded'; attempt: 0; result: 'applied' | 'rejected'; problems: number }
  /** Of an alert: something is wrong, is told to more people, is known to a person, is over. */
  | {
      kind: 'incident';
      attempt: 0;
      id: string;
      /** What its rule is on. */
      on: string;
      change: 'opened' | 'reopened' | 'escalated' | 'acknowledged' | 'resolved';
      severity: Severity;
      /** Since it was opened. */
      ms: number;
      upstream?: string | undefined;
      agent?: string | undefined;
    }
  | { kind: 'bug'; attempt: number; error: unknown }
  /** What a policy in observe mode would have told: an arm of its own, so that nobody takes it for real. */
  | { kind: 'would'; attempt: number; event: Exclude<Event, { kind: 'would' }> };

export type EventKind = Event['kind'];
