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
  /** Open ones of upstreams, without those of single agents. */
  readonly #at = new Map<string, Set<Incident>>();
  /** Open ones by what they are about, whatever the rule. */
  readonly #about = new Map<string, Set<Incident>>();
  /** Changed together with a message or by a person: stored with that. */
  readonly #changed = new Set<Incident>();
  /** Opened, fed or over: stored as it comes. */
  readonly #backlog = new Set<Incident>();
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
    file(this.#about, subjectOf(incident), incident, isOpen);
    if (incident.agent === undefined) file(this.#at, incident.upstream ?? '', incident, isOpen);
  }

  /** Open ones about one thing, by any rule. */
  openAbout(subject: Subject): Iterable<Incident> {
    return this.#about.get(subjectOf(subject)) ?? [];
  }

  /** Open ones of an upstream that are not about one agent. */
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

  /** To be stored with the message that it is about, or before somebody is answered. */
  touch(incident: Incident): void {
    this.#changed.add(incident);
    this.#backlog.delete(incident);
  }

  /** To be stored soon, with no haste: an event has changed it. */
  touchLater(incident: Incident): void {
    if (!this.#changed.has(incident)) this.#backlog.add(incident);
  }

  /** Whether `changes` has left anything out. */
  get hasBacklog(): boolean {
    return this.#backlog.size > 0;
  }

  /** What is to be stored since the last time that this was asked; of what has no haste, so many at most. */
  changes(unhurried: number): RecordChange[] {
    for (const incident of this.#backlog) {
      if (unhurried-- <= 0) break;
      this.touch(incident);
    }
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

/** What an incident is about. */
type Subject = Pick<Incident, 'on' | 'upstream' | 'agent' | 'fingerprint'>;

function subjectOf({ on, upstream = '', agent = '', fingerprint }: Subject): string {
  return JSON.stringify([on, upstream, agent, fingerprint]);
}

function file(index: Map<string, Set<Incident>>, key: string, incident: Incident, isOpen: boolean): void {
  const those = index.get(key) ?? new Set();
  if (isOpen) index.set(key, those.add(incident));
  else if (those.delete(incident) && those.size === 0) index.delete(key);
}
