import { LRUCache } from 'lru-cache';
import { agentId } from './agent-id.ts';
import { anyPrincipal, type Pause, type Pauses } from './pauses.ts';

/** What is remembered of an agent because a person let it go on. */
export interface Release {
  /** On the clock's scale: what came before is not judged again. */
  readonly atMs: number;
  /** Fingerprints of the loops that it was in. */
  readonly loops: ReadonlySet<string>;
  /** To be given to the model once; undefined when it was, or where there is none. */
  note: string | undefined;
}

/** Agents whose release is remembered, and loops of each. */
const agentsRemembered = 1000;
const loopsRemembered = 16;

const never: Release = { atMs: Number.NEGATIVE_INFINITY, loops: new Set(), note: undefined };

/** Stops agents and lets them go on. A pause concerns the agents of one name and one caller. */
export class Agents {
  readonly pauses: Pauses;
  readonly #releases = new LRUCache<string, Release>({ max: agentsRemembered });

  constructor(pauses: Pauses) {
    this.pauses = pauses;
  }

  /** When and from what the agent was let go on last. */
  releaseOf(agent: string, principal: string): Release {
    return this.#releases.get(`${agent}\n${principal}`) ?? this.#releases.get(`${agent}\n${anyPrincipal}`) ?? never;
  }

  /** The pauses that an id of an agent, or the name of agents, stands for. */
  pausesNamed(idOrName: string): Pause[] {
    return this.pauses.all().filter(({ agent, principal }) => agent === idOrName || agentId(agent, principal) === idOrName);
  }

  /** Lets an agent go on; `note` may be told to the model, once. */
  resume(pause: Pause, note: string | undefined, nowMs: number): boolean {
    const { agent, principal, evidence } = pause;
    if (!this.pauses.remove(pause)) return false;
    const loops = [...this.releaseOf(agent, principal).loops, ...(evidence ? [evidence.fingerprint] : [])].slice(-loopsRemembered);
    this.#releases.set(`${agent}\n${principal}`, { atMs: nowMs, loops: new Set(loops), note });
    return true;
  }
}
