import type { Call, Dialect } from './dialect.ts';
import type { ErrorCode } from './error-codes.ts';
import type { Event } from './event.ts';
import type { RawHeaders } from './headers.ts';
import type { Failure, Outcome, Reply, TimeoutPhase, Tunnel } from './outcome.ts';
import type { Signal } from './signal.ts';
import type { CallTrace } from './trace.ts';
import type { Verdict } from './verdict.ts';

export interface Agent {
  /** 1 to 64 of `a-z 0-9 . _ -`. */
  name: string;
  /** Where the name came from. */
  source: 'header' | 'path' | 'credential' | 'client' | 'default';
  /** Tag of the credential: agents of two callers are two, whatever their names. Empty without a credential. */
  principal?: string;
  /** The user agent, for people. */
  client?: string | undefined;
}

/** Who sends a request, as its head tells. */
export interface Caller {
  readonly agent: Agent;
  /** Said in our own header. */
  readonly session: string | undefined;
  /** An id of the session that the client sends by itself. */
  readonly clientSession: string | undefined;
}

/** Where an attempt goes: an upstream of the configuration and, where a fallback names one, another model. */
export interface Target {
  upstream: string;
  model?: string;
}

/** The agent's request, ready to be sent any number of times while its body is kept. */
export interface ProxiedRequest {
  readonly method: string;
  /** Raw path and query behind the route's prefix, as the agent wrote them; starts with a slash. */
  readonly path: string;
  /** End-to-end fields only, ours removed. */
  readonly headers: RawHeaders;
  /** The protocol of an upgrade that the agent asks for. */
  readonly upgrade?: string;
  /** Repeating it does no harm by HTTP's rules: its method, an Idempotency-Key or `x-outrigger-idempotent` says so. */
  readonly idempotent: boolean;
  readonly body: RequestBody;
  /** Hands early hints (103) of an upstream on to the agent at once; commits nothing. */
  hinted(headers: RawHeaders): void;
  /** What `call` has said, if it was asked and has answered. */
  readonly described?: Call | undefined;
  /** What the wire format says about the call. Reads the body first where that takes the body; the answer is kept. */
  call(): Call | Promise<Call>;
}

export interface RequestBody {
  /** Bytes announced by Content-Length; undefined for a chunked body. */
  readonly length: number | undefined;
  /** Whether another attempt can still send it from its first byte. */
  readonly replayable: boolean;
  /** The whole body once it is all there and kept; undefined before that, or if it is above the replay cap. */
  readonly bytes: Uint8Array | undefined;
  /** Reads on until the body is whole; undefined if it is above the replay cap or broke off. */
  whole(): Promise<Uint8Array | undefined>;
  /** The body from its first byte; may be called again while `replayable`. */
  open(): AsyncIterable<Uint8Array>;
}

/** Timers of one attempt, in milliseconds; undefined for none. */
export interface AttemptLimits {
  connectMs?: number;
  /** To the first meaningful byte, or to the answer of a call that is not streamed: `firstBytePhase` tells which. */
  firstByteMs?: number;
  firstBytePhase: TimeoutPhase;
  /** Between meaningful chunks, counted while a read is pending. */
  idleMs?: number;
  totalMs?: number;
  /** Start-up frames and no error for that long: commit. */
  holdMs?: number;
}

/** Why a signal was aborted: every signal of an exchange has one of these as its reason. */
export interface AbortReason {
  readonly verdict: Exclude<Verdict, 'ok'>;
  readonly code: ErrorCode;
  readonly message: string;
  readonly phase?: TimeoutPhase;
}

/** One call of an agent, or one attempt at it. Plain and immutable: a policy hands on a copy `withChanges`. */
export interface Exchange {
  readonly id: string;
  readonly agent: Agent;
  readonly session: string | undefined;
  /** An id of the session that the client sends by itself. */
  readonly clientSession?: string | undefined;
  readonly request: ProxiedRequest;
  /** The route's own target. */
  readonly home: Target;
  readonly target: Target;
  /** Wire format of the target. */
  readonly dialect: Dialect;
  /** 0 until `route` gives it a number, unique in the call, counted from 1. */
  readonly attempt: number;
  readonly limits: AttemptLimits;
  /** On the clock's scale; Infinity for none. Holds up to commit. */
  readonly deadline: number;
  /** Aborts when the agent hangs up or the deadline has passed. Up to commit; then the server's discard takes over. */
  readonly signal: Signal;
  /** Tells what happened. Never throws, and needs no `this`. */
  readonly note: (event: Event) => void;
  /** Takes note of an answer that was opened for the call, so that none can be forgotten. Numbers the attempts. */
  readonly opened: Opened;
  /** What let this attempt pass; asked again about attempts that still wait for their place. */
  readonly admission: Admission | undefined;
  /** Undefined where no traces are made. */
  readonly trace?: CallTrace | undefined;
}

/** What policies change on the way. */
type Changeable = 'request' | 'target' | 'dialect' | 'attempt' | 'limits' | 'deadline' | 'signal' | 'note' | 'opened' | 'admission';

/**
 * A copy with some members changed, to something that is there. Every layer makes one for every call, and a spread of so
 * many members takes five times as long.
 */
export function withChanges(exchange: Exchange, changes: Partial<Pick<Exchange, Changeable>>): Exchange {
  return {
    id: exchange.id,
    agent: exchange.agent,
    session: exchange.session,
    clientSession: exchange.clientSession,
    request: changes.request ?? exchange.request,
    home: exchange.home,
    target: changes.target ?? exchange.target,
    dialect: changes.dialect ?? exchange.dialect,
    attempt: changes.attempt ?? exchange.attempt,
    limits: changes.limits ?? exchange.limits,
    deadline: changes.deadline ?? exchange.deadline,
    signal: changes.signal ?? exchange.signal,
    note: changes.note ?? exchange.note,
    opened: changes.opened ?? exchange.opened,
    admission: changes.admission ?? exchange.admission,
    trace: exchange.trace,
  };
}

/** The leave to try an upstream. It can be taken back as long as nothing was sent. */
export interface Admission {
  /** Why the attempt is no longer to be sent; undefined while it is. */
  refusal(): Failure | undefined;
}

/** What a call has opened so far; owned by `guarded` and `route`. */
export interface Opened {
  attempts: number;
  outcomes: (Reply | Tunnel)[];
  /** The call has its answer: what opens from now on is discarded at once. */
  closed: boolean;
}

export type Handler = (exchange: Exchange) => Promise<Outcome>;
