import { Agents } from '../agents/agents.ts';
import type { Pauses } from '../agents/pauses.ts';
import type { Releases, ResumeNote } from '../agents/releases.ts';

/** The agents of one worker of several. A note that one of them gives to a model is not given again by another. */
export class SharedAgents extends Agents {
  readonly #onTaken: (key: string) => void;

  /** `onTaken` hears by which key a note was taken. */
  constructor(pauses: Pauses, releases: Releases, onTaken: (key: string) => void) {
    super(pauses, releases);
    this.#onTaken = onTaken;
  }

  override takeNote(agent: string, principal: string): ResumeNote | undefined {
    const note = super.takeNote(agent, principal);
    if (note) this.#onTaken(note.key);
    return note;
  }
}
