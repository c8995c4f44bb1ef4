import type { RecordChange } from '../store/records.ts';
import { type Group, Groups } from './groups.ts';
import { type Incident, note } from './incident.ts';
import type { IncidentBook } from './incident-book.ts';
import { inhibitorOf, isCause } from './inhibition.ts';
import { channelsOf, concerns, firstSteps, nextStepMs, takeOver } from './ladder.ts';
import { titleOf } from './messages.ts';
import type { Outbox } from './outbox.ts';
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
  readonly #changes: RecordChange[] = [];
  #tickedMs = 0;
  /** Incidents that may hold others back; gathered once a tick. */
  #causes: readonly Incident[] = [];

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
    this.#causes = [...this.#options.book.near()].filter(isCause);
    const byGroup = Map.groupBy(this.#options.book.all(), ({ group }) => group);
    for (const group of this.#groups.due(nowMs)) this.#flush(group, byGroup.get(group.id) ?? [], nowMs);
    this.#escalate(nowMs);
    this.#remind(nowMs);
    for (const id of this.#groups.forget(new Set(byGroup.keys()), nowMs, heldMs)) this.#changes.push({ kind: 'group', id });
  }

  /** What is to be stored. */
  takeChanges(): readonly RecordChange[] {
    return this.#changes.splice(0);
  }

  #flush(group: Group, members: readonly Incident[], nowMs: number): void {
    group.dueMs = undefined;
    const firing = members.filter((incident) => incident.pending === 'firing' && !this.#isHeld(incident, nowMs));
    const over = members.filter(({ pending }) => pending === 'resolved');
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
    if (members.some(({ pending }) => pending === 'firing')) group.dueMs = nowMs + heldMs;
    this.#store(group);
  }

  #escalate(nowMs: number): void {
    const { book, post } = this.#options;
    const steps = new Map<string, Incident[]>();
    for (const incident of book.open()) {
      while (nextStepMs(incident) <= nowMs && !this.#isHeld(incident, nowMs)) {
        const step = incident.policy.ladder[incident.level];
        incident.level += 1;
        book.touch(incident);
        if (!step || !concerns(step, incident)) continue;
        note(incident, nowMs, 'escalated', `level ${incident.level}: ${step.send.join(', ')}`);
        incident.lastToldMs = nowMs;
        this.#options.escalated(incident, incident.level);
        const key = JSON.stringify([incident.group, incident.level, step.send]);
        steps.set(key, [...(steps.get(key) ?? []), incident]);
      }
    }
    for (const [key, incidents] of steps) {
      const [thread, level, send] = JSON.parse(key) as [string, number, string[]];
      post.post({ kind: 'escalated', thread, level, incidents }, () => send);
    }
  }

  #remind(nowMs: number): void {
    const { book, post } = this.#options;
    const due = [...book.open()].filter((incident) => reminderMs(incident) <= nowMs && !this.#isHeld(incident, nowMs));
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

  /** Whether a silence or another incident holds it back; it is written down once. */
  #isHeld(incident: Incident, nowMs: number): boolean {
    const { book, silences, suppressed } = this.#options;
    const silence = silenceOf(incident, silences(), nowMs);
    const inhibitor = silence ? undefined : inhibitorOf(incident, this.#causes, nowMs);
    const held = silence ? `silence ${silence.id}` : inhibitor && `${titleOf(inhibitor)} (${inhibitor.id})`;
    if (held === incident.held) return held !== undefined;
    incident.held = held;
    book.touch(incident);
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
    return channelsOf(incident).filter(
      (channel) =>
        !incident.told.includes(channel) &&
        !outbox.at(channel).some(({ message, incidents }) => message.kind === 'firing' && incidents.includes(incident.id)),
    );
  }

  #forgetTold(incident: Incident): void {
    incident.told = [];
    incident.pending = undefined;
    this.#options.book.touch(incident);
  }

  #store(group: Group): void {
    this.#changes.push({ kind: 'group', id: group.id, value: group });
  }
}

function reminderMs({ status, lastToldMs, policy, pending }: Incident): number {
  return status !== 'firing' || lastToldMs === undefined || pending !== undefined
    ? Number.POSITIVE_INFINITY
    : lastToldMs + policy.repeatIntervalMs;
}
