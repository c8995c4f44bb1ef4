import type { Call } from '../../core/dialect.ts';
import type { Exchange } from '../../core/exchange.ts';
import { untilAborted } from '../until-aborted.ts';
import { insistsOnUpstream } from './cache-control.ts';
import { cacheKey, type KeyScope } from './cache-key.ts';
import { readingMethods } from './storing-terms.ts';

/** What a question knows beside its call. */
export type QuestionScope = Omit<KeyScope, 'target'>;

/**
 * What one call asks of the cache: whether it may be asked at all, and under which key. Only calls that do no harm when
 * they are made twice and that continue no state may; a body that cannot be kept has no key.
 */
export class Question {
  readonly exchange: Exchange;
  readonly #scope: QuestionScope;
  /** False once it is known that there is no key. */
  #possible: boolean;
  #key: string | undefined;

  constructor(exchange: Exchange, scope: QuestionScope) {
    const { method, upgrade, body } = exchange.request;
    this.exchange = exchange;
    this.#scope = scope;
    this.#possible = upgrade === undefined && (readingMethods.has(method) || method === 'POST') && body.replayable;
  }

  /** The call only reads, by HTTP. */
  get reads(): boolean {
    return readingMethods.has(this.exchange.request.method);
  }

  /** The caller does not want a stored answer. */
  get insists(): boolean {
    return insistsOnUpstream(this.exchange.request.headers);
  }

  /** The key, if it can be had at once: the body is whole. */
  now(): string | undefined {
    if (this.#key !== undefined || !this.#possible) return this.#key;
    const { request, target } = this.exchange;
    const { bytes } = request.body;
    const call = bytes && request.call();
    if (!bytes || !call || call instanceof Promise) return undefined;
    this.#possible = !call.stateful && (this.reads || call.repeatable);
    if (this.#possible) this.#key = cacheKey(request, bytes, { ...this.#scope, target });
    return this.#key;
  }

  /** Finds the key if it can be had at once; a bug in that is a rejection. */
  async prepare(): Promise<void> {
    this.now();
  }

  /** The key, once the body is whole; undefined as well where the call ends before that. */
  async whole(): Promise<string | undefined> {
    const { request, signal } = this.exchange;
    if (!this.#possible) return undefined;
    if (!request.body.bytes) await untilAborted(request.body.whole(), signal);
    return (await this.call()) && this.now();
  }

  /** What the wire format says of the call; undefined where the call ends before that is known. */
  async call(): Promise<Call | undefined> {
    const { request, signal } = this.exchange;
    const call = request.call();
    return call instanceof Promise ? untilAborted(call, signal) : call;
  }
}
