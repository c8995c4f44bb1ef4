import type { Incident } from './incident.ts';

/** Incidents that are told together. Kept as JSON. */
export interface Group {
  readonly id: string;
  /** When its next message is due. */
  dueMs?: number | undefined;
  /** When it was last told. */
  lastMs?: number | undefined;
}

/** When which group is told: after `groupWait`, and then no more often than `groupInterval`. */
export class Groups {
  readonly #byId = new Map<string, Group>();

  /** Takes in one that was stored. */
  restore(group: Group): void {
    this.#byId.set(group.id, group);
  }

  /** Something is to be told of an incident of the group. */
  schedule({ group: id, policy }: Incident, nowMs: number): Group {
    const group = this.#byId.get(id) ?? { id };
    this.#byId.set(id, group);
    const dueMs = Math.max(nowMs + policy.groupWaitMs, (group.lastMs ?? Number.NEGATIVE_INFINITY) + policy.groupIntervalMs);
    group.dueMs = Math.min(group.dueMs ?? Number.POSITIVE_INFINITY, dueMs);
    return group;
  }

  nextMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#byId.values()) if (dueMs !== undefined) next = Math.min(next, dueMs);
    return next;
  }

  due(nowMs: number): Group[] {
    return [...this.#byId.values()].filter(({ dueMs }) => dueMs !== undefined && dueMs <= nowMs);
  }

  /** Drops the groups of which there is nothing left. Returns their ids. */
  forget(inUse: ReadonlySet<string>, nowMs: number, keptMs: number): string[] {
    const gone = [...this.#byId.values()].filter(
      ({ id, dueMs, lastMs }) => dueMs === undefined && !inUse.has(id) && nowMs - (lastMs ?? 0) >= keptMs,
    );
    for (const { id } of gone) this.#byId.delete(id);
    return gone.map(({ id }) => id);
  }
}
