import { LRUCache } from 'lru-cache';
import type { Conversation, Turn } from '../core/conversation.ts';
import type { ByteRange } from '../core/dialect.ts';
import { Beginnings, type Begun, type Found } from './beginnings.ts';
import { digest } from './loops/digest.ts';
import { noRounds, type RoundState, readRounds, type ToolRules } from './loops/round-reader.ts';
import { createSession, type Session } from './loops/session.ts';
import { callKey, hasOwnId, keyOf, TurnKeys } from './turn-keys.ts';

/** Where a request comes from, as far as that divides conversations. */
export interface ThreadOrigin {
  /** Tag of the credential: conversations of two callers never meet. */
  readonly principal: string;
  /** Said by the caller in our own header: a hard border. */
  readonly session: string | undefined;
  /** An id that the client sends by itself: it helps where nothing in the history does. */
  readonly clientSession: string | undefined;
}

/** What is known of a conversation up to some turn. A conversation that forks goes on from it on both ways. */
interface Known extends RoundState {
  readonly session: Session;
  /** What the model has said since, in an answer that no request repeats. */
  readonly said?: Turn | undefined;
}

/** What a request adds to a conversation. */
export interface Followed extends Known {
  /** Rounds that were not known before. */
  readonly added: number;
  /** Whether anything of the conversation was known before. */
  readonly known: boolean;
  /** Names all that the request tells of the conversation. */
  readonly key: string;
  /** What to go on from where the next request begins with all of this one; undefined where it is not as simple as that. */
  readonly begun: Begun | undefined;
}

/** A body and what it tells. */
export interface Told {
  readonly conversation: Conversation;
  readonly followed: Followed;
}

/** Reads the conversation in a body, or only what stands behind `from`; undefined where that cannot be. */
export type ReadBody = (from?: number) => Conversation | undefined;

/** States that are kept for each session: a few of the last requests, for clients that go back and fork. */
const statesPerSession = 4;

/**
 * Follows conversations from request to request, although most clients send no id: by the turns that a request has in
 * common with earlier ones of the same caller, by the calls of tools in them, by the state at the provider that it
 * continues, and at last by the session that it names. Bounded by `maximum` sessions.
 */
export class Threads {
  readonly #byKey: LRUCache<string, Known>;
  readonly #beginnings: Beginnings;

  constructor(maximum: number) {
    this.#beginnings = new Beginnings(Math.max(1, maximum));
    this.#byKey = new LRUCache({ max: Math.max(1, maximum) * statesPerSession });
  }

  /** Follows the conversation in a body. What stands in its `list` as it stood in the request before is not read again. */
  read(
    origin: ThreadOrigin,
    body: Uint8Array,
    list: ByteRange | undefined,
    read: ReadBody,
    rules: ToolRules,
    atMs: number,
  ): Told | undefined {
    const seen = list && this.#beginnings.look(`${scopeOf(origin)}${origin.clientSession ?? ''}\n`, body, list);
    const found = seen && this.#beginnings.find(seen);
    const told = (found && this.#readOn(origin, found, read, rules, atMs)) ?? this.#readAll(origin, read, rules, atMs);
    const begun = told?.followed.begun;
    if (seen && begun) this.#beginnings.remember(seen, begun);
    return told;
  }

  #readAll(origin: ThreadOrigin, read: ReadBody, rules: ToolRules, atMs: number): Told | undefined {
    const conversation = read();
    return conversation && { conversation, followed: this.follow(origin, conversation, rules, atMs) };
  }

  #readOn(origin: ThreadOrigin, { begun, end }: Found, read: ReadBody, rules: ToolRules, atMs: number): Told | undefined {
    if (!this.#byKey.has(`${scopeOf(origin)}t ${keyOf(...begun.key)}`)) return undefined;
    const added = read(end);
    // Further instructions would have to be put together with those of before.
    if (added?.instructions !== '') return undefined;
    const conversation = { ...added, hasTools: added.hasTools || begun.hasTools, continuable: false };
    return { conversation, followed: this.follow(origin, conversation, rules, atMs, begun) };
  }

  /** Reads what is new in a conversation, and remembers it. `begun` is what came before its turns. */
  follow(origin: ThreadOrigin, conversation: Conversation, rules: ToolRules, atMs: number, begun?: Begun): Followed {
    const { turns, hasTools, continues, continuable } = conversation;
    const scope = scopeOf(origin);
    const instructions = begun?.instructions ?? (origin.clientSession === undefined ? '' : digest(conversation.instructions));
    // The turns of a request that continues another one are not all of the conversation.
    const history = continues === undefined ? scope : `${scope}${continues}\n`;
    const place: Place = { scope, history, session: sessionKey(origin, instructions) };
    const keys = new TurnKeys(turns, begun?.key);
    const { state, from } = this.#find(place, conversation, keys);
    const said = from === 0 ? state?.said : undefined;
    const read = readRounds(state ?? noRounds, said ? [said, ...turns] : turns.slice(from), hasTools, rules, atMs);
    const { consumed, ...rounds } = read;
    const added = rounds.count - (state?.count ?? 0);
    const session = state?.session ?? createSession(atMs);
    session.rounds += added;
    const after: Known = { ...rounds, session, ...(said && consumed === 0 && { said }) };
    this.#remember(place, conversation, keys, from + consumed - (said ? 1 : 0), after);
    const last = keys.at(keys.length);
    // What an assistant has begun to say may go on.
    const whole =
      from + consumed - (said ? 1 : 0) === turns.length && turns.at(-1)?.kind !== 'assistant' && continues === undefined && !continuable;
    return {
      ...after,
      ...{ added, known: state !== undefined, key: `${place.history}${keys.of(keys.length) ?? ''}` },
      begun: whole && last ? { key: last, instructions, hasTools } : undefined,
    };
  }

  /** Remembers a model's answer that only an id will stand for in the next request: its own, or that of the conversation. */
  answered(origin: ThreadOrigin, ids: readonly string[], { rounds, count, lastResult, lastUser, session }: Followed, said: Turn): void {
    const state: Known = { rounds, count, lastResult, lastUser, session, said };
    for (const id of ids) this.#byKey.set(`${origin.principal}\n${origin.session ?? ''}\nr ${id}`, state);
  }

  #find(
    { scope, history, session }: Place,
    { turns, continues }: Conversation,
    keys: TurnKeys,
  ): { state: Known | undefined; from: number } {
    for (let at = keys.length; at >= 0; at -= 1) {
      const key = keys.of(at);
      const state = key === undefined ? undefined : this.#byKey.get(`${history}t ${key}`);
      if (state) return { state, from: at };
    }
    if (continues !== undefined) {
      const state = this.#byKey.get(`${scope}r ${continues}`);
      if (state) return { state, from: 0 };
    }
    for (let at = turns.length - 1; at >= 0; at -= 1) {
      const state = this.#ofCalls(scope, turns[at]);
      if (state) return { state, from: afterResults(turns, at) };
    }
    // The history is another one, as after a summary of it. What the user says in it was said before.
    const state = session === undefined ? undefined : this.#byKey.get(scope + session);
    return state ? { state, from: lastRound(turns) } : { state: undefined, from: 0 };
  }

  #ofCalls(scope: string, turn: Turn | undefined): Known | undefined {
    if (turn?.kind !== 'assistant') return undefined;
    for (const call of turn.calls) {
      const state = hasOwnId(call) ? this.#byKey.get(`${scope}c ${callKey(call)}`) : undefined;
      if (state) return state;
    }
    return undefined;
  }

  #remember({ scope, history, session }: Place, { turns }: Conversation, keys: TurnKeys, consumed: number, state: Known): void {
    const key = keys.of(consumed);
    if (key !== undefined) this.#byKey.set(`${history}t ${key}`, state);
    const last = turns.findLast((turn, at) => at < consumed && turn.kind === 'assistant' && turn.calls.length > 0);
    if (last?.kind === 'assistant') for (const call of last.calls) if (hasOwnId(call)) this.#byKey.set(`${scope}c ${callKey(call)}`, state);
    if (session !== undefined) this.#byKey.set(scope + session, state);
  }
}

/** Under what a conversation is remembered. */
interface Place {
  /** Caller and session. */
  readonly scope: string;
  /** The same with the state at the provider that it continues. */
  readonly history: string;
  /** Undefined where no session is named. */
  readonly session: string | undefined;
}

function scopeOf({ principal, session }: ThreadOrigin): string {
  return `${principal}\n${session ?? ''}\n`;
}

/** Agents beside each other in one session of a client have other instructions; our own header means one conversation. */
function sessionKey({ session, clientSession }: ThreadOrigin, instructions: string): string | undefined {
  if (session !== undefined) return 's';
  return clientSession === undefined ? undefined : `s ${clientSession} ${instructions}`;
}

function afterResults(turns: readonly Turn[], at: number): number {
  let after = at + 1;
  while (turns[after]?.kind === 'result') after += 1;
  return after;
}

function lastRound(turns: readonly Turn[]): number {
  const last = turns.findLastIndex(({ kind }) => kind === 'assistant');
  return last === -1 ? turns.length : last;
}
