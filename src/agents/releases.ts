import { LRUCache } from 'lru-cache';
import type { Round } from './loops/round.ts';
import { anyPrincipal, type Pause, pauseId } from './pauses.ts';

/** A loop that a person has let go on. */
export interface ReleasedLoop {
  readonly fingerprint: string;
  /** The last round of its conversation that was in it, counted from 1; 0 where it was in none. */
  readonly lastRound: number;
}

/** What outlives the process of an agent that was let go on. */
export interface KeptRelease {
  readonly agent: string;
  readonly principal: string;
  readonly loops: readonly ReleasedLoop[];
  /** For its model, as long as that has not got it. */
  readonly note?: string;
}

/** Where releases outlive the process, by the ids of the pauses that they ended. */
export interface ReleaseStore {
  put(id: string, release: KeptRelease): void;
  remove(id: string): void;
}

/** What is remembered of an agent because a person let it go on. */
export interface Release {
  /** On the clock's scale: what came before is not judged again. */
  readonly atMs: number;
  /** Fingerprints of the loops that it was in. */
  readonly loops: ReadonlySet<string>;
  /** Whether a round was in such a loop, or before it, although this process sees it for the first time. */
  isPast(round: Round, rounds: readonly Round[]): boolean;
}

/** What a person wants a model to know when its agent goes on. */
export interface ResumeNote {
  readonly key: string;
  readonly text: string;
}

/** Agents whose release is remembered, and loops of each. */
const agentsRemembered = 1000;
const loopsRemembered = 16;

const never: Release = { atMs: Number.NEGATIVE_INFINITY, loops: new Set(), isPast: () => false };
const nowhere: ReleaseStore = { put: () => {}, remove: () => {} };

/** The agents that people have let go on, the latest ones, and what their models are to be told. */
export class Releases {
  readonly #byAgent: LRUCache<string, ReleasedAgent>;
  readonly #withNote = new Set<string>();
  readonly #store: ReleaseStore;

  /** `known` are those that the store has. */
  constructor(known: readonly KeptRelease[] = [], store: ReleaseStore = nowhere) {
    this.#store = store;
    const evicted = (_: ReleasedAgent, id: string, why: string) => {
      if (why === 'evict') this.#forget(id);
    };
    this.#byAgent = new LRUCache({ max: agentsRemembered, dispose: evicted });
    for (const kept of known) {
      const id = pauseId(kept.agent, kept.principal);
      this.#byAgent.set(id, new ReleasedAgent(kept, Number.NEGATIVE_INFINITY));
      if (kept.note !== undefined) this.#withNote.add(id);
    }
  }

  /** Whether any agent has a note to be given to its model. */
  get anyNote(): boolean {
    return this.#withNote.size > 0;
  }

  /** All that would outlive the process. */
  all(): readonly KeptRelease[] {
    return [...this.#byAgent.values()].map(({ kept }) => kept);
  }

  /** When and from what an agent was let go on last. */
  of(agent: string, principal: string): Release {
    return this.#byAgent.get(pauseId(agent, principal)) ?? this.#byAgent.get(pauseId(agent, anyPrincipal)) ?? never;
  }

  /** An agent is let go on at this time of the clock's scale. */
  add({ agent, principal, evidence }: Pause, note: string | undefined, atMs: number): void {
    const id = pauseId(agent, principal);
    const before = this.#byAgent.get(id)?.kept;
    const added = evidence ? [{ fingerprint: evidence.fingerprint, lastRound: evidence.lastRound }] : [];
    const loops = [...(before?.loops ?? []), ...added].slice(-loopsRemembered);
    this.#put(
      id,
      { agent, principal, loops, ...(before?.note !== undefined && { note: before.note }), ...(note !== undefined && { note }) },
      atMs,
    );
  }

  /** The note for an agent's model, to be given to it now: it is not there a second time. */
  takeNote(agent: string, principal: string): ResumeNote | undefined {
    const key = [pauseId(agent, principal), pauseId(agent, anyPrincipal)].find((id) => this.#withNote.has(id));
    const text = key === undefined ? undefined : this.#byAgent.get(key)?.kept.note;
    if (key === undefined || text === undefined) return undefined;
    this.dropNote(key);
    return { key, text };
  }

  /** Nobody is to be given the note of this key any more. */
  dropNote(key: string): void {
    const known = this.#byAgent.get(key);
    if (!known || !this.#withNote.has(key)) return;
    const { note: _, ...rest } = known.kept;
    this.#put(key, rest, known.atMs);
  }

  /** A note that could not be given after all; a later one goes before it. */
  giveBack({ key, text }: ResumeNote): void {
    const known = this.#byAgent.get(key);
    if (known && !this.#withNote.has(key)) this.#put(key, { ...known.kept, note: text }, known.atMs);
  }

  #put(id: string, kept: KeptRelease, atMs: number): void {
    this.#byAgent.set(id, new ReleasedAgent(kept, atMs));
    if (kept.note === undefined) this.#withNote.delete(id);
    else this.#withNote.add(id);
    this.#store.put(id, kept);
  }

  #forget(id: string): void {
    this.#withNote.delete(id);
    this.#store.remove(id);
  }
}

class ReleasedAgent implements Release {
  readonly kept: KeptRelease;
  readonly atMs: number;
  readonly loops: ReadonlySet<string>;

  constructor(kept: KeptRelease, atMs: number) {
    this.kept = kept;
    this.atMs = atMs;
    this.loops = new Set(kept.loops.map(({ fingerprint }) => fingerprint));
  }

  isPast({ index }: Round, rounds: readonly Round[]): boolean {
    return this.kept.loops.some(
      ({ fingerprint, lastRound }) =>
        index < lastRound && rounds.some((round) => round.index === lastRound - 1 && isIn(round, fingerprint)),
    );
  }
}

/** A fingerprint is made of what is the same in each round: its action, its result or both. */
function isIn({ action, result }: Round, fingerprint: string): boolean {
  return fingerprint.includes(action) || fingerprint.includes(result);
}
