import { PassThrough } from 'node:stream';
import type { Dialect } from '../../src/core/dialect.ts';
import { EndingCell, type OnEnding } from '../../src/core/ending-cell.ts';
import { errorCodes } from '../../src/core/error-codes.ts';
import type { Event, EventKind } from '../../src/core/event.ts';
import type { AbortReason, Exchange, Handler, ProxiedRequest } from '../../src/core/exchange.ts';
import { abortedFailure } from '../../src/core/failure.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { bufferedReply, createReply, type Ending, type Outcome, type Reply, type ReplyHead, type Tunnel } from '../../src/core/outcome.ts';
import type { PolicyContext } from '../../src/core/policy.ts';
import { StateRegistry } from '../../src/core/state.ts';

/** What a policy is built with: a clock that stands still, a registry of its own, and chance that says 0.5. */
export interface TestContext extends PolicyContext {
  readonly clock: ManualClock;
}

export function context(random: () => number = () => 0.5): TestContext {
  return { clock: new ManualClock(), random, state: new StateRegistry().state };
}

/** An exchange with the events that were noted on it. */
export interface TestExchange extends Exchange {
  readonly events: Event[];
  /** The recorded events of one kind. */
  noted<K extends EventKind>(kind: K): Extract<Event, { kind: K }>[];
  /** The agent goes away: the signal aborts with verdict `cancelled`. */
  hangUp(): void;
  /** Aborts the signal for any other reason. */
  abort(reason: AbortReason): void;
}

export const hungUp: AbortReason = { verdict: 'cancelled', code: 'cancelled', message: 'the agent went away' };

/** A GET to the upstream `main`, with no deadline, no limits and whatever the overrides say. */
export function exchange(overrides: Partial<Omit<Exchange, 'signal' | 'note'>> = {}): TestExchange {
  const controller = new AbortController();
  const events: Event[] = [];
  return {
    id: 'call-1',
    session: undefined,
    clientSession: undefined,
    admission: undefined,
    trace: undefined,
    agent: { name: 'planner', source: 'default' },
    request: request(),
    home: { upstream: 'main' },
    target: { upstream: 'main' },
    dialect,
    attempt: 0,
    limits: { firstBytePhase: 'firstByte' },
    deadline: Number.POSITIVE_INFINITY,
    opened: { attempts: 0, outcomes: [], closed: false },
    ...overrides,
    signal: controller.signal,
    note: (event) => events.push(event),
    events,
    noted: <K extends EventKind>(kind: K) => events.filter((event): event is Extract<Event, { kind: K }> => event.kind === kind),
    hangUp: () => controller.abort(hungUp),
    abort: (reason) => controller.abort(reason),
  };
}

/** A GET without a body, safe to repeat. */
export function request(overrides: Partial<ProxiedRequest> = {}): ProxiedRequest {
  return {
    method: 'GET',
    path: '/things',
    headers: [],
    idempotent: true,
    body: body(''),
    hinted: () => {},
    call: () => ({ kind: 'other', repeatable: false, stateful: false }),
    ...overrides,
  };
}

/** A POST that must not be sent twice unless something else says that it may. */
export function post(overrides: Partial<ProxiedRequest> = {}): ProxiedRequest {
  return request({ method: 'POST', idempotent: false, body: body('{}'), ...overrides });
}

/** A request body that is all there; `replayable: false` for one above the cap. */
export function body(text: string, replayable = true): ProxiedRequest['body'] {
  const bytes = Buffer.from(text);
  const kept = replayable ? bytes : undefined;
  return {
    length: bytes.byteLength,
    replayable,
    bytes: kept,
    whole: () => Promise.resolve(kept),
    async *open() {
      yield bytes;
    },
  };
}

/** A plain format that judges by status alone; spread it to change one of its facts. */
export const dialect: Dialect = {
  name: 'http',
  readsBody: false,
  matches: () => true,
  describe: () => ({ kind: 'other', repeatable: false, stateful: false }),
  retarget: (original) => original,
  watch: (_request, status) => ({
    head: status < 400 ? 'ok' : 'server-error',
    push: () => (status < 400 ? 'ok' : 'server-error'),
    meaningful: 1,
    started: true,
    end: (whole) => ({ verdict: whole ? 'ok' : 'network', complete: whole }),
  }),
  hint: () => undefined,
  speak: () => undefined,
  refuse: (failure) =>
    bufferedReply(head({ verdict: failure.verdict, origin: 'ourselves', status: errorCodes[failure.code].status }), [
      Buffer.from(failure.message),
    ]),
  breakOff: () => undefined,
};

export function head(overrides: Partial<ReplyHead> = {}): ReplyHead {
  return { verdict: 'ok', origin: 'upstream', status: 200, statusText: '', headers: [], ...overrides };
}

/** A reply whose body a test leads: it hangs until it is pushed, ended or discarded. */
export interface OpenReply {
  readonly reply: Reply;
  readonly discarded: boolean;
  push(text: string): void;
  /** Whole and with the reply's own verdict, unless said otherwise. */
  end(ending?: Partial<Ending>): void;
}

export function openReply(overrides: Partial<ReplyHead> = {}): OpenReply {
  const facts = head(overrides);
  const { promise: ended, resolve: settle } = Promise.withResolvers<Ending>();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let over = false;
  let discarded = false;
  let wake = Promise.withResolvers<void>();

  const stop = (ending: Ending) => {
    over = true;
    wake.resolve();
    settle(ending);
  };
  const reply = createReply(facts, {
    async next() {
      while (chunks.length === 0 && !over) await wake.promise;
      const value = discarded ? undefined : chunks.shift();
      return value ? { done: false, value } : { done: true, value: undefined };
    },
    ended,
    discard() {
      if (over) return;
      discarded = true;
      stop({ verdict: facts.verdict === 'ok' ? 'cancelled' : facts.verdict, complete: false, bytes });
    },
  });
  return {
    reply,
    get discarded() {
      return discarded;
    },
    push(text) {
      const chunk = Buffer.from(text);
      bytes += chunk.byteLength;
      chunks.push(chunk);
      wake.resolve();
      wake = Promise.withResolvers();
    },
    end: (ending = {}) => stop({ verdict: facts.verdict, complete: true, bytes, ...ending }),
  };
}

/** A reply whose body is all there, as the gate hands up every bad one. */
export function wholeReply(overrides: Partial<ReplyHead> = {}, text = 'body'): Reply {
  return bufferedReply(head(overrides), [Buffer.from(text)]);
}

/** An upgraded connection that stays open until `end` or `discard`. */
export interface OpenTunnel {
  readonly tunnel: Tunnel;
  readonly discarded: boolean;
  end(ending?: Partial<Ending>): void;
}

export function openTunnel(): OpenTunnel {
  const end = new EndingCell();
  const { promise: ended } = end;
  const whenEnded = (fn: OnEnding) => end.when(fn);
  let discarded = false;
  const discard = () => {
    discarded = true;
    end.settle({ verdict: 'cancelled', complete: false, bytes: 0 });
  };
  const head = new Uint8Array();
  return {
    tunnel: { kind: 'tunnel', statusText: '', headers: [], socket: new PassThrough(), head, ended, whenEnded, source: {}, discard },
    get discarded() {
      return discarded;
    },
    end: (ending = {}) => end.settle({ verdict: 'ok', complete: true, bytes: 0, ...ending }),
  };
}

/** One answer of a scripted handler: an outcome, or what makes one of the exchange. */
export type Answer = Outcome | ((exchange: Exchange) => Outcome | Promise<Outcome>);

/** A handler that plays its answers in order and keeps every exchange it was called with; throws when none is left. */
export interface Script extends Handler {
  readonly calls: Exchange[];
}

export function script(...answers: Answer[]): Script {
  const calls: Exchange[] = [];
  const play: Handler = async (exchange) => {
    calls.push(exchange);
    const answer = answers[calls.length - 1];
    if (answer === undefined) throw new Error(`the script has no answer number ${calls.length}`);
    return typeof answer === 'function' ? answer(exchange) : answer;
  };
  return Object.assign(play, { calls });
}

/** An answer that never comes: it fails when the signal aborts, as an attempt does. */
export function hanging(exchange: Exchange): Promise<Outcome> {
  const { signal } = exchange;
  return new Promise((resolve) => {
    const fail = () => resolve(abortedFailure(signal, 'maybe'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

/** The text of a body, read to its end. */
export async function textOf(reply: Reply): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reply.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
