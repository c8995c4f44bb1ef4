import type { Clock } from '../core/clock.ts';
import type { RecordChange } from '../store/records.ts';
import type { MessageKind } from './channel.ts';
import type { OutboxItem } from './channel-queue.ts';
import { type Digest, Digests } from './digests.ts';
import type { Incident } from './incident.ts';
import type { IncidentBook } from './incident-book.ts';
import { takeOver } from './ladder.ts';
import { composeMessage, type MessageSources } from './messages.ts';
import type { Outbox } from './outbox.ts';
import { TokenBucket } from './token-bucket.ts';

export interface PostOptions {
  readonly clock: Clock;
  readonly book: IncidentBook;
  readonly outbox: Outbox;
  readonly sources: MessageSources;
  /** Messages of a channel that a digest stands for, or that a silence or another incident held back. */
  readonly suppressed: (channel: string, count: number) => void;
}

interface Letter {
  readonly kind: MessageKind;
  readonly thread: string;
  readonly level: number;
  readonly incidents: readonly Incident[];
}

/** Makes messages for channels, within bounds: what is too much goes into a digest. Nothing is sent before `takeItems` was stored. */
export class Post {
  readonly #options: PostOptions;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #digests = new Digests();
  readonly #items: OutboxItem[] = [];
  readonly #changes: RecordChange[] = [];
  /** Channels whose digests have changed. */
  readonly #deferred = new Map<string, Digest>();

  constructor(options: PostOptions) {
    this.#options = options;
  }

  restore(digest: Digest): void {
    this.#digests.restore(digest);
  }

  /** One message a channel; `to` tells which channels an incident goes to. */
  post({ kind, thread, level, incidents }: Letter, to: (incident: Incident) => readonly string[]): void {
    const byChannel = new Map<string, Incident[]>();
    for (const incident of incidents) {
      for (const channel of to(incident)) {
        const those = byChannel.get(channel);
        if (those) those.push(incident);
        else byChannel.set(channel, [incident]);
      }
    }
    const addressed = [...byChannel.keys()];
    for (const [channel, those] of byChannel) {
      if (this.#mayUse(channel)) this.#add({ kind, thread, level, incidents: those }, channel, addressed);
      else this.#defer(channel, those);
    }
  }

  nextMs(): number {
    return this.#digests.nextMs();
  }

  /** Posts the digests that are due. */
  tick(nowMs: number): void {
    for (const { channel, incidents, count } of this.#digests.takeDue(nowMs)) {
      this.#changes.push({ kind: 'digest', id: channel });
      this.#deferred.delete(channel);
      const known = incidents.map((id) => this.#options.book.get(id)).filter((incident) => incident !== undefined);
      this.#add({ kind: 'digest', thread: 'digest', level: 0, incidents: known }, channel, [channel], count - known.length);
    }
  }

  /** What is to be stored, and to be sent once it is. */
  take(): { readonly items: readonly OutboxItem[]; readonly changes: readonly RecordChange[] } {
    const digests = [...this.#deferred].map(([id, value]) => ({ kind: 'digest', id, value }));
    this.#deferred.clear();
    return { items: this.#items.splice(0), changes: [...this.#changes.splice(0), ...digests] };
  }

  #mayUse(channel: string): boolean {
    const { clock, outbox } = this.#options;
    const bucket = this.#buckets.get(channel) ?? new TokenBucket(clock.now());
    this.#buckets.set(channel, bucket);
    return !outbox.isFull && bucket.take(clock.now());
  }

  #add({ kind, thread, level, incidents }: Letter, channel: string, addressed: readonly string[], more = 0): void {
    const { clock, sources } = this.#options;
    const nowMs = clock.wall();
    const [first] = incidents;
    const item: OutboxItem = {
      message: composeMessage({ kind, thread, level, more }, incidents, sources, nowMs),
      incidents: incidents.map(({ id }) => id),
      channel,
      // The end of a thing is told to those alone that know of it.
      next: first && kind !== 'resolved' && kind !== 'acknowledged' ? takeOver(first, addressed) : [],
      attempts: 0,
      createdMs: nowMs,
    };
    this.#items.push(item);
    this.#changes.push({ kind: 'outbox', id: item.message.id, value: item });
  }

  #defer(channel: string, incidents: readonly Incident[]): void {
    const { clock, suppressed } = this.#options;
    this.#deferred.set(channel, this.#digests.add(channel, incidents, clock.wall()));
    suppressed(channel, 1);
  }
}
