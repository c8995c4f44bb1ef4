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

/** The agents that are paused. */
export class Pauses {
  readonly #byAgent = new Map<string, Pause>();
  readonly #onChange: (pauses: readonly Pause[]) => void;

  /** `onChange` gets all that are left, after each change. */
  constructor(known: readonly Pause[], onChange: (pauses: readonly Pause[]) => void) {
    for (const pause of known) this.#byAgent.set(keyOf(pause.agent, pause.principal), pause);
    this.#onChange = onChange;
  }

  /** Whether anybody is paused at all. */
  get any(): boolean {
    return this.#byAgent.size > 0;
  }

  all(): readonly Pause[] {
    return [...this.#byAgent.values()];
  }

  of(agent: string, principal: string): Pause | undefined {
    return this.#byAgent.get(keyOf(agent, principal)) ?? this.#byAgent.get(keyOf(agent, anyPrincipal));
  }

  /** Pauses an agent; one that is paused already stays so for its first reason. Tells whether anything has changed. */
  add(pause: Pause): boolean {
    const key = keyOf(pause.agent, pause.principal);
    if (this.#byAgent.has(key)) return false;
    this.#byAgent.set(key, pause);
    this.#onChange(this.all());
    return true;
  }

  /** Lets an agent go on. */
  remove({ agent, principal }: Pause): boolean {
    const removed = this.#byAgent.delete(keyOf(agent, principal));
    if (removed) this.#onChange(this.all());
    return removed;
  }
}

function keyOf(agent: string, principal: string): string {
  return `${agent}\n${principal}`;
}
