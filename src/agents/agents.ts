import { LRUCache } from 'lru-cache';
import { agentId } from './agent-id.ts';
import { anyPrincipal, type Pause, type Pauses } from './pauses.ts';

/** What is remembered of an agent because a person let it go on. */
export interface Release {
  /** On the clock's scale: what came before is not judged again. */
  readonly atMs: number;
  /** Fingerprints of the loops that it was in. */
  readonly loops: ReadonlySet<string>;
}

/** What a person wants a model to know when its agent goes on. */
export interface ResumeNote {
  readonly key: string;
  readonly text: string;
}

/** Agents whose release is remembered, and loops of each. */
const agentsRemembered = 1000;
const loopsRemembered = 16;

const never: Release = { atMs: Number.NEGATIVE_INFINITY, loops: new Set() };

/** Stops agents and lets them go on. A pause concerns the agents of one name and one caller. */
export class Agents {
  readonly pauses: Pauses;
  readonly #releases = new LRUCache<string, Release>({ max: agentsRemembered });
  readonly #notes = new LRUCache<string, ResumeNote>({ max: agentsRemembered });

  constructor(pauses: Pauses) {
    this.pauses = pauses;
  }

  /** When and from what the agent was let go on last. */
  releaseOf(agent: string, principal: string): Release {
    return this.#releases.get(keyOf(agent, principal)) ?? this.#releases.get(keyOf(agent, anyPrincipal)) ?? never;
  }

  /** Whether any agent has a note to be given to its model. */
  get anyNote(): boolean {
    return this.#notes.size > 0;
  }

  /** The note for an agent's model, to be given to it now: it is not there a second time. */
  takeNote(agent: string, principal: string): ResumeNote | undefined {
    const note = this.#notes.get(keyOf(agent, principal)) ?? this.#notes.get(keyOf(agent, anyPrincipal));
    if (note) this.#notes.delete(note.key);
    return note;
  }

  /** A note that could not be given after all; a later one goes before it. */
  giveBack(note: ResumeNote): void {
    if (!this.#notes.has(note.key)) this.#notes.set(note.key, note);
  }

  /** The note has been given elsewhere. */
  dropNote(key: string): void {
    this.#notes.delete(key);
  }

  /** The pauses that an id of an agent, or the name of agents, stands for. */
  pausesNamed(idOrName: string): Pause[] {
    return this.pauses.all().filter(({ agent, principal }) => agent === idOrName || agentId(agent, principal) === idOrName);
  }

  /** Lets an agent go on; `note` is told to its model, once. */
  resume(pause: Pause, note: string | undefined, nowMs: number): boolean {
    const { agent, principal, evidence } = pause;
    if (!this.pauses.remove(pause)) return false;
    const loops = [...this.releaseOf(agent, principal).loops, ...(evidence ? [evidence.fingerprint] : [])].slice(-loopsRemembered);
    const key = keyOf(agent, principal);
    this.#releases.set(key, { atMs: nowMs, loops: new Set(loops) });
    if (note !== undefined) this.#notes.set(key, { key, text: note });
    return true;
  }
}

function keyOf(agent: string, principal: string): string {
  return `${agent}\n${principal}`;
}
