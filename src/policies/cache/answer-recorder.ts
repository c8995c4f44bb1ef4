import type { Clock } from '../../core/clock.ts';
import type { Exchange } from '../../core/exchange.ts';
import { headerValue, mediaType } from '../../core/headers.ts';
import { type Ending, type Reply, tap, unread } from '../../core/outcome.ts';
import type { Spent } from '../../core/usage.ts';
import type { Verdict } from '../../core/verdict.ts';
import { AnswerCopy } from './answer-copy.ts';
import type { AnswerStore } from './answer-store.ts';
import type { FollowedCall } from './followed-call.ts';
import { chunksOf, type WholeBody } from './stored-answer.ts';
import { type StoringTerms, storingTerms } from './storing-terms.ts';

/** What a recorder is made with. */
export interface RecorderScope {
  readonly store: AnswerStore;
  readonly clock: Clock;
  /** Longer bodies are not kept. */
  readonly limitBytes: number;
  readonly shared: boolean;
  /** Told when an answer to the call was kept. */
  stored(exchange: Exchange): void;
}

/** A reply that was read to its end, for several to have. */
export interface WholeReply {
  readonly kind: 'whole';
  readonly reply: Reply;
  /** The last word, which may be worse than the reply's own. */
  readonly verdict: Verdict;
  readonly terms: StoringTerms;
  readonly body: WholeBody;
  readonly stored: boolean;
  /** The tokens that it has cost; undefined where it has cost none. */
  readonly spent: Spent | undefined;
}

/** What has come. */
type Came = Pick<WholeReply, 'body' | 'spent'>;

/** A reply that only one can have. */
export interface LiveReply {
  readonly kind: 'live';
  readonly reply: Reply;
}

const streamTypes: ReadonlySet<string> = new Set(['text/event-stream', 'application/x-ndjson']);

/** Keeps answers that may be kept, once they have ended whole and well. */
export class AnswerRecorder {
  readonly #scope: RecorderScope;

  constructor(scope: RecorderScope) {
    this.#scope = scope;
  }

  /** The reply, copied on its way; undefined if it may not be kept. */
  record(reply: Reply, call: FollowedCall, key: string): Reply | undefined {
    const terms = this.#terms(reply, call.exchange);
    if (!terms || !isGood(reply)) return undefined;
    const cameAt = this.#scope.clock.now();
    const copy = this.#copyOf(reply);
    return tap(reply, {
      chunk(bytes) {
        if (!copy.add(bytes)) copy.drop();
        return bytes;
      },
      end: (ending) => {
        if (isWholeAndGood(ending) && !copy.dropped) this.#keep(key, call, terms, cameAt, { body: copy.finish(), spent: spentIn(ending) });
        else copy.drop();
        return ending;
      },
    });
  }

  /** Reads a reply to its end so that several can have it; a stream, and what may not be kept, only one can have. */
  async readWhole(reply: Reply, call: FollowedCall, key: string): Promise<WholeReply | LiveReply> {
    const { signal } = call.exchange;
    const terms = this.#terms(reply, call.exchange);
    if (!terms || streamTypes.has(mediaType(reply.headers))) return { kind: 'live', reply };
    const cameAt = this.#scope.clock.now();
    const copy = this.#copyOf(reply);
    const giveUp = () => reply.discard();
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
    const surplus = await readInto(copy, reply);
    signal.removeEventListener('abort', giveUp);

    const body = copy.finish();
    if (surplus) return { kind: 'live', reply: unread(reply, [...chunksOf(body), surplus], reply.verdict) };
    const ending = await reply.ended;
    const { verdict, complete, trailers = [] } = ending;
    if (!complete || trailers.length > 0) return { kind: 'live', reply: unread(reply, chunksOf(body), reply.verdict) };
    const spent = spentIn(ending);
    const stored = isGood(reply) && isWholeAndGood(ending) && this.#keep(key, call, terms, cameAt, { body, spent });
    return { kind: 'whole', reply, verdict, terms, body, stored, spent };
  }

  #terms(reply: Reply, { request }: Exchange): StoringTerms | undefined {
    const { limitBytes, shared } = this.#scope;
    return (announcedBytes(reply) ?? 0) > limitBytes ? undefined : storingTerms(reply, request, shared);
  }

  #copyOf(reply: Reply): AnswerCopy {
    return new AnswerCopy(this.#scope.store, this.#scope.limitBytes, announcedBytes(reply));
  }

  #keep(key: string, { exchange, moved }: FollowedCall, terms: StoringTerms, cameAt: number, came: Came): boolean {
    const { headers, ageMs, freshMs } = terms;
    // Never fresh where it is an answer to something else: it may only stand in where nothing better is to be had.
    const answer = { headers, ...came, bornAt: cameAt - ageMs, freshMs: moved ? 0 : freshMs };
    const stored = this.#scope.store.keep(key, answer);
    if (stored) this.#scope.stored(exchange);
    return stored;
  }
}

/** The tokens that an answer has cost. */
function spentIn({ usage, estimated }: Ending): Spent | undefined {
  return usage || estimated ? { usage, estimated } : undefined;
}

/** Reads into the copy; resolves with the chunk that did not fit any more, if there was one. */
async function readInto(copy: AnswerCopy, { body }: Reply): Promise<Uint8Array | undefined> {
  for (;;) {
    const read = body.poll() ?? (await body.next());
    if (read.done) return undefined;
    if (!copy.add(read.value)) return read.value;
  }
}

function isGood({ verdict, origin, status }: Reply): boolean {
  return verdict === 'ok' && origin === 'upstream' && status === 200;
}

/** Trailers are not kept, so an answer with trailers would not be whole. */
function isWholeAndGood({ verdict, complete, trailers = [] }: Ending): boolean {
  return verdict === 'ok' && complete && trailers.length === 0;
}

function announcedBytes({ headers }: Reply): number | undefined {
  const length = headerValue(headers, 'content-length');
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}
