/**
 * Gives a policy the state that it shares with every stack for the same thing, making it by `init` at first. Stacks come
 * and go with the configuration; state stays until the process ends.
 */
export type State = <T>(policy: string, subject: string, init: () => T) => T;

/** The home of all policy state, outside the stacks. */
export class StateRegistry {
  readonly #states = new Map<string, Map<string, unknown>>();

  readonly state: State = <T>(policy: string, subject: string, init: () => T): T => {
    let subjects = this.#states.get(policy);
    if (!subjects) {
      subjects = new Map();
      this.#states.set(policy, subjects);
    }
    if (!subjects.has(subject)) subjects.set(subject, init());
    // The caller that made it under this policy and subject named its type.
    return subjects.get(subject) as T;
  };

  /** Drops the state of every subject that the configuration no longer names. */
  retain(policy: string, subjects: ReadonlySet<string>): void {
    const kept = this.#states.get(policy);
    if (!kept) return;
    for (const subject of kept.keys()) if (!subjects.has(subject)) kept.delete(subject);
  }
}
