import { LRUCache } from 'lru-cache';
import type { Conversation, Turn } from '../core/conversation.ts';
import { digest } from './loops/digest.ts';
import type { Told } from './loops/ladder.ts';
import { noRounds, type RoundState, readRounds, type ToolRules } from './loops/round-reader.ts';
import { hasOwnId, turnKeys } from './turn-keys.ts';

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
  /** What was told of its loops: one for all that began alike. */
  readonly told: Told;
}

/** What a request adds to a conversation. */
export interface Followed extends Known {
  /** Rounds that were not known before. */
  readonly added: number;
  /** Whether anything of the conversation was known before. */
  readonly known: boolean;
}

/** States that are kept for each session: a few of the last requests, for clients that go back and fork. */
const statesPerSession = 4;

/**
 * Follows conversations from request to request, although most clients send no id: by the turns that a request has in
 * common with earlier ones of the same caller, by the calls of tools in them, by the state at the provider that it
 * continues, and at last by the session that it names. Bounded by `maximum` sessions.
 */
export class Threads {
  readonly #byKey: LRUCache<string, Known>;

  constructor(maximum: number) {
    this.#byKey = new LRUCache({ max: Math.max(1, maximum) * statesPerSession });
  }

  /** Reads what is new in a conversation, and remembers it. */
  follow(origin: ThreadOrigin, conversation: Conversation, rules: ToolRules, atMs: number): Followed {
    const { turns, hasTools } = conversation;
    const scope = `${origin.principal}\n${origin.session ?? ''}\n`;
    const keys = turnKeys(turns);
    const { state, from } = this.#find(scope, origin, conversation, keys);
    const read = readRounds(state ?? noRounds, turns.slice(from), hasTools, rules, atMs);
    const { consumed, ...rounds } = read;
    const after: Known = { ...rounds, told: state?.told ?? new Map() };
    this.#remember(scope, origin, conversation, keys, from + consumed, after);
    return { ...after, added: after.count - (state?.count ?? 0), known: state !== undefined };
  }

  /** Remembers a model's answer that only its id will stand for in the next request. */
  answered(origin: ThreadOrigin, id: string, state: Known): void {
    this.#byKey.set(`${origin.principal}\n${origin.session ?? ''}\nr ${id}`, state);
  }

  #find(
    scope: string,
    origin: ThreadOrigin,
    conversation: Conversation,
    keys: readonly string[],
  ): { state: Known | undefined; from: number } {
    const { turns, continues, instructions } = conversation;
    for (let at = keys.length; at > 0; at -= 1) {
      const state = this.#byKey.get(`${scope}t ${keys[at - 1]}`);
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
    const session = sessionKey(origin, instructions);
    const state = session === undefined ? undefined : this.#byKey.get(scope + session);
    return state ? { state, from: lastRound(turns) } : { state: undefined, from: 0 };
  }

  #ofCalls(scope: string, turn: Turn | undefined): Known | undefined {
    if (turn?.kind !== 'assistant') return undefined;
    for (const call of turn.calls) {
      const state = hasOwnId(call) ? this.#byKey.get(`${scope}c ${call.id}`) : undefined;
      if (state) return state;
    }
    return undefined;
  }

  #remember(
    scope: string,
    origin: ThreadOrigin,
    { turns, instructions }: Conversation,
    keys: readonly string[],
    consumed: number,
    state: Known,
  ): void {
    const key = keys[consumed - 1];
    if (key !== undefined) this.#byKey.set(`${scope}t ${key}`, state);
    const last = turns.findLast((turn, at) => at < consumed && turn.kind === 'assistant' && turn.calls.length > 0);
    if (last?.kind === 'assistant') for (const call of last.calls) if (hasOwnId(call)) this.#byKey.set(`${scope}c ${call.id}`, state);
    const session = sessionKey(origin, instructions);
    if (session !== undefined) this.#byKey.set(scope + session, state);
  }
}

/** Agents beside each other in one session of a client have other instructions; our own header means one conversation. */
function sessionKey({ session, clientSession }: ThreadOrigin, instructions: string): string | undefined {
  if (session !== undefined) return 's';
  return clientSession === undefined ? undefined : `s ${clientSession} ${digest(instructions)}`;
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
