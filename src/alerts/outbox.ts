import type { Channel } from './channel.ts';
import { ChannelQueue, type ChannelQueueOptions, type OutboxItem } from './channel-queue.ts';

export interface OutboxOptions extends ChannelQueueOptions {
  /** It goes to another channel from now on. */
  moved(item: OutboxItem, from: string, reason: string): void;
}

export interface ChannelHealth {
  readonly channel: string;
  readonly queued: number;
  /** In a row. */
  readonly failures: number;
  readonly lastError: string | undefined;
}

/** More are not kept waiting: what comes then goes into the digest. */
const limit = 500;

/** Messages that are on their way. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #queues = new Map<string, ChannelQueue>();
  readonly #channels = new Map<string, Channel>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get length(): number {
    let length = 0;
    for (const queue of this.#queues.values()) length += queue.length;
    return length;
  }

  get isFull(): boolean {
    return this.length >= limit;
  }

  /** Takes the channels of a configuration. What waits for one that is new waits for it again; for one that is gone, moves on. */
  configure(channels: ReadonlyMap<string, Channel>): void {
    const waiting: OutboxItem[] = [];
    for (const [name, queue] of this.#queues) {
      if (channels.get(name) === this.#channels.get(name)) continue;
      waiting.push(...queue.close());
      this.#queues.delete(name);
    }
    this.#channels.clear();
    for (const [name, channel] of channels) {
      this.#channels.set(name, channel);
      if (this.#queues.has(name)) continue;
      this.#queues.set(name, new ChannelQueue(channel, { ...this.#options, settled: (item, outcome) => this.#settled(item, outcome) }));
    }
    for (const item of waiting) this.add(item);
  }

  add(item: OutboxItem): void {
    const queue = this.#queues.get(item.channel);
    if (queue) queue.add(item);
    else this.#settled(item, { how: item.next.length > 0 ? 'moved' : 'dropped', reason: `there is no channel ${item.channel} any more` });
  }

  /** Whether a channel is being told of an incident at this moment. */
  isUnderway(channel: string, incident: string): boolean {
    return this.#queues.get(channel)?.isUnderway(incident) ?? false;
  }

  /** Whether a message that an incident has begun waits at a channel. */
  isToFire(channel: string, incident: string): boolean {
    return this.#queues.get(channel)?.isToFire(incident) ?? false;
  }

  health(): ChannelHealth[] {
    return [...this.#queues].map(([channel, queue]) => ({ channel, ...queue.state }));
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close();
  }

  #settled(item: OutboxItem, outcome: Parameters<OutboxOptions['settled']>[1]): void {
    const [next, ...rest] = item.next;
    if (outcome.how !== 'moved' || next === undefined) {
      this.#options.settled(item, outcome);
      return;
    }
    const from = item.channel;
    Object.assign(item, { channel: next, next: rest, attempts: 0 });
    this.#options.moved(item, from, outcome.reason);
    this.add(item);
  }
}
