import type { RecordChange } from '../store/records.ts';
import { type Group, Groups } from './groups.ts';
import { type Incident, note } from './incident.ts';
import type { IncidentBook } from './incident-book.ts';
import { type Causes, causesAmong, inhibitorOf } from './inhibition.ts';
import { channelsOf, concerns, firstSteps, nextStepMs, takeOver } from './ladder.ts';
import { titleOf } from './messages.ts';
import type { Outbox } from './outbox.ts';
import { toldLimit } from './pace.ts';
import type { Post } from './post.ts';
import { type Silence, silenceOf } from './silences.ts';

export interface TellerOptions {
  readonly book: IncidentBook;
  readonly outbox: Outbox;
  readonly post: Post;
  readonly silences: () => Iterable<Silence>;
  readonly suppressed: (channel: string, count: number) => void;
  readonly escalated: (incident: Incident, level: number) => void;
}

/** What is held back is looked at again after so long. */
const heldMs = 60_000;

/** Decides when whom is told of an incident. Every decision is in the book before anything is sent. */
export class Teller {
  readonly #options: TellerOptions;
  readonly #groups = new Groups();
  /** By the group. */
  readonly #changes = new Map<string, RecordChange>();
  #tickedMs = 0;
  /** Gathered once a tick. */
  #causes: Causes = { circuits: new Map(), pauses: new Map() };
  /** Incidents that may still be told in this tick. */
  #left = 0;

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  restore(group: Group): void {
    this.#groups.restore(group);
  }

  /** Something is to be told of an incident, with its group. */
  schedule(incident: Incident, nowMs: number): void {
    this.#store(this.#groups.schedule(incident, nowMs));
  }

  /** A person did something: those who take it for firing hear of it at once. */
  tellAtOnce(incident: Incident, kind: 'acknowledged' | 'resolved'): void {
    const { post, book } = this.#options;
    post.post({ kind, thread: incident.group, level: incident.level, incidents: [incident] }, (one) => this.#knowing(one));
    if (kind === 'resolved') this.#forgetTold(incident);
    book.touch(incident);
  }

  nextMs(): number {
    let next = this.#groups.nextMs();
    for (const incident of this.#options.book.open()) {
      const dueMs = Math.min(nextStepMs(incident), reminderMs(incident));
      // A step that is held back stays due.
      next = Math.min(next, incident.held === undefined ? dueMs : Math.max(dueMs, this.#tickedMs + heldMs));
    }
    return next;
  }

  tick(nowMs: number): void {
    this.#tickedMs = nowMs;
    this.#left = toldLimit;
    this.#causes = causesAmong(this.#options.book.near(), nowMs);
    const byGroup = Map.groupBy(this.#options.book.all(), ({ group }) => group);
    for (const group of this.#groups.due(nowMs)) {
      if (this.#left <= 0) break;
      this.#flush(group, byGroup.get(group.id) ?? [], nowMs);
    }
    this.#escalate(nowMs);
    this.#remind(nowMs);
    for (const id of this.#groups.forget(new Set(byGroup.keys()), nowMs, heldMs)) this.#changes.set(id, { kind: 'group', id });
  }

  /** Whether `takeChanges` has left anything out. */
  get hasBacklog(): boolean {
    return this.#changes.size > 0;
  }

  /** What is to be stored soon, so many at most; none of it is lost where a process ends before, because incidents are scheduled again at the start. */
  takeChanges(limit: number): readonly RecordChange[] {
    const changes = [...this.#changes].slice(0, limit);
    for (const [id] of changes) this.#changes.delete(id);
    return changes.map(([, change]) => change);
  }

  #flush(group: Group, members: readonly Incident[], nowMs: number): void {
    group.dueMs = undefined;
    const firing = members.filter(
      (incident) => incident.pending === 'firing' && this.#left > 0 && !this.#isHeld(incident, nowMs) && this.#isInStep(),
    );
    const over = members.filter(({ pending }) => pending === 'resolved' && this.#isInStep());
    const { post, book } = this.#options;
    for (const incident of firing) {
      incident.level = firstSteps(incident);
      incident.noticeMs = nowMs;
      incident.lastToldMs = nowMs;
      incident.pending = undefined;
      book.touch(incident);
    }
    post.post({ kind: 'firing', thread: group.id, level: 0, incidents: firing }, (incident) => this.#unknowing(incident));
    post.post({ kind: 'resolved', thread: group.id, level: 0, incidents: over }, (incident) => this.#knowing(incident));
    for (const incident of over) this.#forgetTold(incident);
    if (firing.length + over.length > 0) group.lastMs = nowMs;
    // What is left over is told in the next step, what is held back is looked at again.
    if (members.some(({ pending }) => pending !== undefined)) group.dueMs = this.#left > 0 ? nowMs + heldMs : nowMs;
    this.#store(group);
  }

  #escalate(nowMs: number): void {
    const { book, post } = this.#options;
    const steps = new Map<string, Incident[]>();
    for (const incident of book.open()) {
      if (this.#left <= 0) break;
      while (nextStepMs(incident) <= nowMs && !this.#isHeld(incident, nowMs)) {
        const step = incident.policy.ladder[incident.level];
        incident.level += 1;
        book.touch(incident);
        this.#left -= 1;
        if (!step || !concerns(step, incident)) continue;
        note(incident, nowMs, 'escalated', `level ${incident.level}: ${step.send.join(', ')}`);
        incident.lastToldMs = nowMs;
        this.#options.escalated(incident, incident.level);
        const key = JSON.stringify([incident.group, incident.level, step.send]);
        const together = steps.get(key);
        if (together) together.push(incident);
        else steps.set(key, [incident]);
      }
    }
    for (const [key, incidents] of steps) {
      const [thread, level, send] = JSON.parse(key) as [string, number, string[]];
      post.post({ kind: 'escalated', thread, level, incidents }, () => send);
    }
  }

  #remind(nowMs: number): void {
    const { book, post } = this.#options;
    const due: Incident[] = [];
    for (const incident of book.open()) {
      if (this.#left <= 0) break;
      if (reminderMs(incident) > nowMs || this.#isHeld(incident, nowMs)) continue;
      this.#left -= 1;
      due.push(incident);
    }
    for (const incident of due) {
      incident.lastToldMs = nowMs;
      note(incident, nowMs, 'reminded', incident.told.join(', '));
      book.touch(incident);
    }
    for (const [thread, incidents] of Map.groupBy(due, ({ group }) => group)) {
      post.post({ kind: 'reminder', thread, level: incidents[0]?.level ?? 0, incidents }, (one) =>
        one.told.length > 0 ? one.told : channelsOf(one),
      );
    }
  }

  /** Whether one more may be told in this step. */
  #isInStep(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }

  /** Whether a silence or another incident holds it back; it is written down once. */
  #isHeld(incident: Incident, nowMs: number): boolean {
    const { book, silences, suppressed } = this.#options;
    const silence = silenceOf(incident, silences(), nowMs);
    const inhibitor = silence ? undefined : inhibitorOf(incident, this.#causes);
    const held = silence ? `silence ${silence.id}` : inhibitor && `${titleOf(inhibitor)} (${inhibitor.id})`;
    if (held === incident.held) return held !== undefined;
    incident.held = held;
    book.touch(incident);
    this.#left -= 1;
    if (held === undefined) return false;
    note(incident, nowMs, 'silenced', held);
    for (const channel of channelsOf(incident)) suppressed(channel, 1);
    return true;
  }

  /** Channels that take it for firing, or are just being told so. */
  #knowing(incident: Incident): string[] {
    const { outbox } = this.#options;
    return [...new Set([...incident.told, ...takeOver(incident, []).filter((channel) => outbox.isUnderway(channel, incident.id))])];
  }

  /** Channels that it is for and that neither know of it nor have a message about it waiting. */
  #unknowing(incident: Incident): string[] {
    const { outbox } = this.#options;
    return channelsOf(incident).filter((channel) => !incident.told.includes(channel) && !outbox.isToFire(channel, incident.id));
  }

  #forgetTold(incident: Incident): void {
    incident.told = [];
    incident.pending = undefined;
    this.#options.book.touch(incident);
  }

  #store(group: Group): void {
    this.#changes.set(group.id, { kind: 'group', id: group.id, value: group });
  }
}

function reminderMs({ status, lastToldMs, policy, pending }: Incident): number {
  return status !== 'firing' || lastToldMs === undefined || pending !== undefined
    ? Number.POSITIVE_INFINITY
    : lastToldMs + policy.repeatIntervalMs;
}
