import { agentId } from './agent-id.ts';
import type { Pause, Pauses } from './pauses.ts';
import { type KeptRelease, type Release, Releases, type ResumeNote } from './releases.ts';

export type { ResumeNote } from './releases.ts';

/** Stops agents and lets them go on. A pause concerns the agents of one name and one caller. */
export class Agents {
  readonly pauses: Pauses;
  readonly #releases: Releases;

  constructor(pauses: Pauses, releases: Releases = new Releases()) {
    this.pauses = pauses;
    this.#releases = releases;
  }

  /** What is remembered of all that were let go on. */
  released(): readonly KeptRelease[] {
    return this.#releases.all();
  }

  /** When and from what the agent was let go on last. */
  releaseOf(agent: string, principal: string): Release {
    return this.#releases.of(agent, principal);
  }

  /** Whether any agent has a note to be given to its model. */
  get anyNote(): boolean {
    return this.#releases.anyNote;
  }

  /** The note for an agent's model, to be given to it now: it is not there a second time. */
  takeNote(agent: string, principal: string): ResumeNote | undefined {
    return this.#releases.takeNote(agent, principal);
  }

  /** The note of this key was given by somebody else. */
  dropNote(key: string): void {
    this.#releases.dropNote(key);
  }

  /** A note that could not be given after all; a later one goes before it. */
  giveBack(note: ResumeNote): void {
    this.#releases.giveBack(note);
  }

  /** The pauses that an id of an agent, or the name of agents, stands for. */
  pausesNamed(idOrName: string): Pause[] {
    return this.pauses.all().filter(({ agent, principal }) => agent === idOrName || agentId(agent, principal) === idOrName);
  }

  /** Lets an agent go on; `note` is told to its model, once. */
  resume(pause: Pause, note: string | undefined, nowMs: number): boolean {
    if (!this.pauses.remove(pause)) return false;
    this.#releases.add(pause, note, nowMs);
    return true;
  }
}
