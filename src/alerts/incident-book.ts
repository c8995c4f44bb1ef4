import type { RecordChange } from '../store/records.ts';
import type { Incident } from './incident.ts';

/** Re-firing within so long re-opens the same incident. */
export const reopenMs = 600_000;
const openLimit = 1000;
const keptLimit = 500;
const keptMs = 7 * 24 * 3_600_000;

/** Every incident that is open, and those of before that are kept to be looked at. Knows which have changed since they were stored. */
export class IncidentBook {
  readonly #byId = new Map<string, Incident>();
  /** The latest of each key. */
  readonly #byKey = new Map<string, Incident>();
  readonly #open = new Set<Incident>();
  readonly #recent = new Set<Incident>();
  /** Open ones by upstream. */
  readonly #at = new Map<string, Set<Incident>>();
  readonly #changed = new Set<Incident>();
  readonly #removed = new Set<string>();

  get size(): number {
    return this.#byId.size;
  }

  /** More are not opened: nobody could read them. */
  get isFull(): boolean {
    return this.#open.size >= openLimit;
  }

  /** Takes in a new one, or one that was stored. */
  add(incident: Incident): void {
    this.#byId.set(incident.id, incident);
    const known = this.#byKey.get(incident.key);
    if (!known || known.openedMs <= incident.openedMs) this.#byKey.set(incident.key, incident);
    this.refile(incident);
  }

  /** To be called when its status has changed. */
  refile(incident: Incident): void {
    const isOpen = incident.status !== 'resolved';
    if (isOpen) this.#open.add(incident);
    else this.#open.delete(incident);
    if (isOpen) this.#recent.delete(incident);
    else this.#recent.add(incident);
    const at = this.#at.get(incident.upstream ?? '') ?? new Set();
    if (isOpen) at.add(incident);
    else at.delete(incident);
    if (at.size === 0) this.#at.delete(incident.upstream ?? '');
    else this.#at.set(incident.upstream ?? '', at);
  }

  /** Open ones of an upstream. */
  openAt(upstream: string): Iterable<Incident> {
    return this.#at.get(upstream) ?? [];
  }

  get(id: string): Incident | undefined {
    return this.#byId.get(id);
  }

  /** The latest of a key, open or not. */
  latest(key: string): Incident | undefined {
    return this.#byKey.get(key);
  }

  all(): Iterable<Incident> {
    return this.#byId.values();
  }

  open(): Iterable<Incident> {
    return this.#open;
  }

  /** Open ones, and those that ended a short time ago. */
  *near(): Iterable<Incident> {
    yield* this.#open;
    yield* this.#recent;
  }

  touch(incident: Incident): void {
    this.#changed.add(incident);
  }

  /** What is to be stored since the last time that this was asked. */
  changes(): RecordChange[] {
    const changes: RecordChange[] = [...this.#changed]
      .filter(({ id }) => this.#byId.has(id))
      .map((value) => ({ kind: 'incident', id: value.id, value }));
    changes.push(...[...this.#removed].map((id) => ({ kind: 'incident', id })));
    this.#changed.clear();
    this.#removed.clear();
    return changes;
  }

  /** Forgets what is old; at most 500 that are over are kept, for a week. */
  forget(nowMs: number): void {
    for (const incident of this.#recent) if (nowMs - (incident.resolvedMs ?? 0) >= reopenMs) this.#recent.delete(incident);
    let over = this.#byId.size - this.#open.size - keptLimit;
    // In the order in which they began.
    for (const incident of this.#byId.values()) {
      const isOld = nowMs - (incident.resolvedMs ?? nowMs) >= keptMs;
      if (!isOld && over <= 0) break;
      if (incident.status !== 'resolved' || incident.pending !== undefined) continue;
      over -= 1;
      this.#byId.delete(incident.id);
      this.#recent.delete(incident);
      if (this.#byKey.get(incident.key) === incident) this.#byKey.delete(incident.key);
      this.#removed.add(incident.id);
    }
  }
}
