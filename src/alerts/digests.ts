import type { Incident } from './incident.ts';

/** What a channel was not told one by one. Kept as JSON. */
export interface Digest {
  readonly channel: string;
  readonly dueMs: number;
  /** The first of them. */
  readonly incidents: string[];
  /** Messages that it stands for. */
  count: number;
}

const waitMs = 60_000;
const listed = 20;

/** Collects for a minute, by channel, what would have been too many messages. */
export class Digests {
  readonly #byChannel = new Map<string, Digest>();

  /** Takes in one that was stored. */
  restore(digest: Digest): void {
    this.#byChannel.set(digest.channel, digest);
  }

  add(channel: string, incidents: readonly Incident[], nowMs: number): Digest {
    const digest = this.#byChannel.get(channel) ?? { channel, dueMs: nowMs + waitMs, incidents: [], count: 0 };
    this.#byChannel.set(channel, digest);
    for (const { id } of incidents) {
      if (digest.incidents.includes(id)) continue;
      digest.count += 1;
      if (digest.incidents.length < listed) digest.incidents.push(id);
    }
    return digest;
  }

  nextMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#byChannel.values()) next = Math.min(next, dueMs);
    return next;
  }

  /** Takes out what is due. */
  takeDue(nowMs: number): Digest[] {
    const due = [...this.#byChannel.values()].filter(({ dueMs }) => dueMs <= nowMs);
    for (const { channel } of due) this.#byChannel.delete(channel);
    return due;
  }
}
