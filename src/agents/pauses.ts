import type { LoopKind } from '../core/event.ts';

/** What a loop was seen by. */
export interface Evidence {
  readonly kind: LoopKind;
  /** Rounds; periods, for a cycle. */
  readonly count: number;
  readonly tool: string;
  /** Rounds of the conversation, counted from 1. */
  readonly firstRound: number;
  readonly lastRound: number;
  readonly fingerprint: string;
}

/** Why an agent is stopped. */
export interface Pause {
  readonly agent: string;
  /** Tag of the caller whose agent it is; `*` for every caller's agent of that name. */
  readonly principal: string;
  readonly reason: string;
  readonly by: 'loop' | 'person';
  /** Milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  readonly evidence?: Evidence;
}

/** Every caller's agents of one name. */
export const anyPrincipal = '*';

/** Where pauses outlive the process, by an id that they have for good. */
export interface PauseStore {
  put(id: string, pause: Pause): void;
  remove(id: string): void;
  /** Resolves once the disk has answered for all of before: whether it is there. */
  stored(): Promise<boolean>;
}

/** The agents that are paused. A pause holds at once, and is written down meanwhile. */
export class Pauses {
  readonly #byAgent = new Map<string, Pause>();
  readonly #store: PauseStore;

  /** `known` are those that the store has. */
  constructor(known: readonly Pause[], store: PauseStore) {
    for (const pause of known) this.#byAgent.set(pauseId(pause.agent, pause.principal), pause);
    this.#store = store;
  }

  /** Whether anybody is paused at all. */
  get any(): boolean {
    return this.#byAgent.size > 0;
  }

  all(): readonly Pause[] {
    return [...this.#byAgent.values()];
  }

  of(agent: string, principal: string): Pause | undefined {
    return this.#byAgent.get(pauseId(agent, principal)) ?? this.#byAgent.get(pauseId(agent, anyPrincipal));
  }

  /** Pauses an agent; one that is paused already stays so for its first reason. Tells whether anything has changed. */
  add(pause: Pause): boolean {
    const id = pauseId(pause.agent, pause.principal);
    if (this.#byAgent.has(id)) return false;
    this.#byAgent.set(id, pause);
    this.#store.put(id, pause);
    return true;
  }

  /** Lets an agent go on. */
  remove(pause: Pause): boolean {
    const id = pauseId(pause.agent, pause.principal);
    const removed = this.#byAgent.delete(id);
    if (removed) this.#store.remove(id);
    return removed;
  }

  /** Resolves once every change of before is on disk, or to false where it is in memory alone. */
  stored(): Promise<boolean> {
    return this.#store.stored();
  }
}

/** What a store knows a pause by. */
export function pauseId(agent: string, principal: string): string {
  return `${agent}\n${principal}`;
}
