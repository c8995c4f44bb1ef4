import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Event } from '../core/event.ts';
import type { Exchange, Handler } from '../core/exchange.ts';
import { abortedFailure } from '../core/failure.ts';
import type { RawHeaders } from '../core/headers.ts';
import { bufferedReply, type Failure, type Outcome, type Reply } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';
import type { Spent } from '../core/usage.ts';
import type { Verdict } from '../core/verdict.ts';
import { duration, size } from '../settings/units.ts';
import { AnswerRecorder, type LiveReply, type WholeReply } from './cache/answer-recorder.ts';
import { type AnswerStore, answersOf } from './cache/answer-store.ts';
import { FollowedCall } from './cache/followed-call.ts';
import { Question, type QuestionScope } from './cache/question.ts';
import { type Share, SharedCall } from './cache/shared-call.ts';
import { chunksOf, replay, type StoredAnswer } from './cache/stored-answer.ts';
import { withField } from './cache/with-field.ts';
import { createGuarded } from './guarded.ts';
import { isTargetRefusal } from './is-target-refusal.ts';
import { replaceableVerdicts } from './replaceable-verdicts.ts';

export const cacheSettings = z.strictObject({
  /** `fallback`: asked only when all else failed. `read-through`: asked first as well. */
  mode: z.enum(['fallback', 'read-through']).default('fallback'),
  /** Up to this age an answer is served in place of a call, by `read-through` only. */
  fresh: duration.prefault('0s'),
  /** Up to this age an answer is served where all else failed. */
  staleIfError: duration.prefault('24h'),
  /** Of all answers of the policy set together, and of those that are still being copied. */
  maxBytes: size.prefault('256MB'),
  /** Of the body of one answer. */
  maxEntry: size.prefault('4MB'),
  /** `read-through` for calls too whose answer is another one each time. */
  any: z.boolean().default(false),
  /** Callers get answers to the calls of others. */
  shared: z.boolean().default(false),
  observe: z.boolean().default(false),
});

export type CacheSettings = z.output<typeof cacheSettings>;

/** Where a cache stands. */
export interface CachePlace {
  /** Name of the policy set: its stacks have their answers in common. */
  readonly set: string;
  /** What answers under the name of the upstream: its URL and the fields that it is sent. Changed ones mean other answers. */
  readonly server: string;
  /** Whether our own response headers are switched on. */
  readonly responseHeaders: boolean;
}

/** What all else failed with where a stored answer may stand in. */
const replaced: ReadonlySet<Verdict> = new Set(replaceableVerdicts);

/**
 * Keeps whole and good answers and serves them again to the same caller: where all else failed, and, as `read-through`, in
 * place of a call while they are fresh. Equal calls that miss at the same time share one.
 */
export function createCache(settings: CacheSettings, place: CachePlace, context: PolicyContext): Policy {
  return new Cache(settings, place, context);
}

/** How a call came to be forwarded; `unasked` where the cache was not asked before. */
type Way = 'unasked' | 'bypass' | 'miss' | 'stale';

type Result = Extract<Event, { kind: 'cache' }>['result'];

interface Fetched {
  readonly answer: WholeReply | LiveReply | Exclude<Outcome, Reply>;
  readonly call: FollowedCall;
}

class Cache implements Policy {
  readonly name = 'cache';
  readonly #settings: CacheSettings;
  readonly #context: PolicyContext;
  readonly #store: AnswerStore;
  readonly #scope: QuestionScope;
  readonly #recorder: AnswerRecorder;
  readonly #marks: boolean;
  readonly #guarded = createGuarded();
  /** Calls that several wait for, by key. */
  readonly #calls = new Map<string, SharedCall<Fetched>>();

  constructor(settings: CacheSettings, { set, server, responseHeaders }: CachePlace, context: PolicyContext) {
    const { shared, maxEntry: limitBytes, maxBytes, observe } = settings;
    const stored = (exchange: Exchange) => this.#note(exchange, 'stored');
    this.#settings = settings;
    this.#context = context;
    this.#store = answersOf(context, set);
    this.#store.limit(maxBytes);
    this.#scope = { set, server, shared, secret: context.state('cache key', 'install', () => randomBytes(32).toString('hex')) };
    this.#recorder = new AnswerRecorder({ store: this.#store, clock: context.clock, limitBytes, shared, stored });
    this.#marks = responseHeaders && !observe;
  }

  run(exchange: Exchange, next: Handler): Promise<Outcome> {
    const question = new Question(exchange, this.#scope);
    return this.#settings.mode === 'read-through' ? this.#readThrough(question, next) : this.#forward(question, next, 'unasked');
  }

  /** Sizes, and how often an answer was served. */
  inspect(): unknown {
    return this.#store.inspect();
  }

  async #readThrough(question: Question, next: Handler): Promise<Outcome> {
    const { exchange } = question;
    const key = question.insists ? undefined : await question.whole();
    const call = key === undefined ? undefined : await question.call();
    const { any, fresh, observe } = this.#settings;
    const alike = any || call?.deterministic === true;
    // The upstream itself says for how long an answer to a read is good.
    if (key === undefined || !(alike || question.reads)) {
      this.#note(exchange, 'bypass');
      return this.#forward(question, next, 'bypass');
    }

    const found = this.#find(key);
    if (found && found.ageMs < Math.min(fresh, found.answer.freshMs ?? (alike ? fresh : 0))) {
      this.#note(exchange, 'hit', found.ageMs, found.answer.spent);
      if (observe) return this.#forward(question, next, 'miss');
      this.#store.served();
      return replay(found.answer, found.ageMs, this.#marked('outrigger; hit'));
    }
    const way = found ? 'stale' : 'miss';
    if (alike && call?.stream !== true && !observe) return this.#share(question, key, next, way);
    this.#note(exchange, 'miss');
    return this.#forward(question, next, way);
  }

  async #forward(question: Question, next: Handler, way: Way): Promise<Outcome> {
    const call = new FollowedCall(question.exchange);
    // The key is made while the upstream works.
    const [outcome] = await Promise.all([next(call.exchange), question.prepare()]);
    if (outcome.kind !== 'reply') return this.#instead(question, outcome, way);
    return this.#answer(question, outcome, call, way);
  }

  /** Waits for a call that others may wait for as well. */
  async #share(question: Question, key: string, next: Handler, way: Way): Promise<Outcome> {
    const { exchange } = question;
    let calls = this.#calls.get(key);
    const begins = calls === undefined;
    calls ??= this.#begin(exchange, key);
    const joined = calls.join(exchange);
    if (begins) {
      this.#note(exchange, 'miss');
      calls.start((shared) => this.#fetch(shared, key, next));
    }
    const share = await joined;
    if (!share) return abortedFailure(exchange.signal, 'maybe');
    const { answer } = share.value;
    const served = !share.first && answer.kind === 'whole' && answer.verdict === 'ok';
    if (served) this.#store.served();
    if (served) this.#note(exchange, 'hit', 0, answer.spent);
    else if (!begins) this.#note(exchange, 'miss');
    return this.#landed(question, share, next, way);
  }

  #begin(exchange: Exchange, key: string): SharedCall<Fetched> {
    const call = new SharedCall<Fetched>(exchange, () => this.#calls.delete(key), discard);
    this.#calls.set(key, call);
    return call;
  }

  async #fetch(shared: Exchange, key: string, next: Handler): Promise<Fetched> {
    const call = new FollowedCall(shared);
    const outcome = await this.#guarded.run(call.exchange, next);
    return { answer: outcome.kind === 'reply' ? await this.#recorder.readWhole(outcome, call, key) : outcome, call };
  }

  async #landed(question: Question, { value: { answer, call }, first }: Share<Fetched>, next: Handler, way: Way): Promise<Outcome> {
    const { opened } = question.exchange;
    switch (answer.kind) {
      case 'failure':
        return this.#instead(question, answer, way);
      case 'tunnel':
        if (first) opened.outcomes.push(answer);
        return first ? answer : this.#forward(question, next, way);
      case 'live':
        if (!first) return this.#forward(question, next, way);
        opened.outcomes.push(answer.reply);
        return this.#answer(question, answer.reply, call, way);
      case 'whole': {
        const { reply, verdict, terms, body, stored } = answer;
        const { status, statusText, retryAfterMs } = reply;
        const marks = this.#marked(`outrigger; fwd=${way}${first ? '' : '; collapsed'}${stored && first ? '; stored' : ''}`);
        const headers = [...(first ? reply.headers : terms.headers), ...marks];
        // Only a good answer spares the others a call.
        const origin = !first && verdict === 'ok' && reply.origin === 'upstream' ? 'cache' : reply.origin;
        const copy = bufferedReply({ verdict, origin, status, statusText, headers, retryAfterMs }, chunksOf(body));
        return verdict === 'ok' ? copy : this.#instead(question, copy, way);
      }
    }
  }

  /** Keeps a good answer on its way up; looks for another one in place of a bad one. */
  #answer(question: Question, reply: Reply, call: FollowedCall, way: Way): Reply | Promise<Outcome> {
    if (reply.verdict !== 'ok') return this.#instead(question, reply, way);
    const key = question.now();
    const recorded = key === undefined ? undefined : this.#recorder.record(reply, call, key);
    if (!this.#marks || (way === 'unasked' && !recorded)) return recorded ?? reply;
    const status = `outrigger; fwd=${way === 'unasked' ? 'miss' : way}${recorded ? '; stored' : ''}`;
    return withField(recorded ?? reply, 'cache-status', status, question.exchange.opened);
  }

  /** A stored answer in place of a failure or a bad reply, where there is one that may stand in. */
  async #instead(question: Question, outcome: Outcome, way: Way): Promise<Outcome> {
    const { exchange } = question;
    if (!mayBeReplaced(outcome)) return outcome;
    const key = question.insists ? undefined : await question.whole();
    if (exchange.signal.aborted) return outcome;
    const found = key === undefined ? undefined : this.#find(key);
    if (!found || found.ageMs > this.#settings.staleIfError) {
      if (way === 'unasked') this.#note(exchange, key === undefined ? 'bypass' : 'miss');
      return outcome;
    }
    this.#note(exchange, 'stale', found.ageMs);
    if (this.#settings.observe) return outcome;
    this.#store.served();
    if (outcome.kind === 'reply') outcome.discard();
    const marks = this.#marked('outrigger; hit; detail=stale-if-error');
    return replay(found.answer, found.ageMs, marks.length === 0 ? marks : [...marks, 'x-outrigger-degraded', 'cache']);
  }

  /** What is stored under a key, and how old it is in milliseconds. */
  #find(key: string): { answer: StoredAnswer; ageMs: number } | undefined {
    const answer = this.#store.get(key);
    return answer && { answer, ageMs: this.#context.clock.now() - answer.bornAt };
  }

  #marked(status: string): RawHeaders {
    return this.#marks ? ['cache-status', status] : [];
  }

  /** `spent` by the answer that is served in place of a call. */
  #note(exchange: Exchange, result: Result, ageMs?: number, spent?: Spent): void {
    const { request, target } = exchange;
    const spared = spent && { ...spent, upstream: target.upstream, model: target.model ?? request.described?.model };
    const event = { kind: 'cache', attempt: 0, result, ...(ageMs !== undefined && { ageMs }), ...(spared && { spared }) } as const;
    exchange.note(this.#settings.observe ? { kind: 'would', attempt: 0, event } : event);
  }
}

/** Refused by our own breaker or bulkhead, or failed in a way that is not the caller's. */
function mayBeReplaced(outcome: Outcome): outcome is Reply | Failure {
  if (outcome.kind === 'tunnel') return false;
  return isTargetRefusal(outcome) || replaced.has(outcome.verdict);
}

function discard({ answer }: Fetched): void {
  if (answer.kind === 'tunnel') answer.discard();
  else if (answer.kind === 'live') answer.reply.discard();
}
