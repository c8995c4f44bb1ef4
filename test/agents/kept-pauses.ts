import type { Pause, PauseStore } from '../../src/agents/pauses.ts';

/** A store of pauses that a test can look into. */
export class KeptPauses implements PauseStore {
  readonly byId = new Map<string, Pause>();
  writes = 0;

  put(id: string, pause: Pause): void {
    this.writes += 1;
    this.byId.set(id, pause);
  }

  remove(id: string): void {
    this.writes += 1;
    this.byId.delete(id);
  }

  stored(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
