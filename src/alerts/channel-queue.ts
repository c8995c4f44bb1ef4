import type { Clock, Timer } from '../core/clock.ts';
import { cut } from './caps.ts';
import type { Channel, Delivery, Message } from './channel.ts';

/** A message on its way to a channel. Kept as JSON. */
export interface OutboxItem {
  readonly message: Message;
  /** Incidents that it is about, those that it does not list too. */
  readonly incidents: readonly string[];
  channel: string;
  /** Channels that take over, one after the other, where this one cannot. */
  next: string[];
  /** Tries at this channel. */
  attempts: number;
  readonly createdMs: number;
}

/** What became of an item at a channel. `moved` to the first of `next`. */
export type Settled = { readonly how: 'delivered' | 'unwanted' } | { readonly how: 'moved' | 'dropped'; readonly reason: string };

export interface ChannelQueueOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether it is still to be sent; asked before each try. */
  wanted(item: OutboxItem): boolean;
  settled(item: OutboxItem, outcome: Settled): void;
}

const presetTimeoutMs = 5000;
const baseMs = 1000;
const longestMs = 300_000;
/** No channel can ask for more. */
const longestRetryAfterMs = 3_600_000;
const triesBeforeNext = 3;
/** Failures in a row from which on the channel counts as down, whatever message is tried. */
const failuresToOpen = 3;
const maximumAgeMs = 24 * 3_600_000;

/** Sends to one channel, one message after the other, so that an end never comes before its beginning. */
export class ChannelQueue {
  readonly #channel: Channel;
  readonly #options: ChannelQueueOptions;
  readonly #items: OutboxItem[] = [];
  /** Messages that an incident has begun, by incident. */
  readonly #firing = new Map<string, number>();
  #underway: OutboxItem | undefined;
  #failures = 0;
  #notBeforeMs = 0;
  #timer: Timer | undefined;
  #lastError: string | undefined;
  #abort: AbortController | undefined;
  #closed = false;

  constructor(channel: Channel, options: ChannelQueueOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  get length(): number {
    return this.#items.length;
  }

  /** What health shows. */
  get state(): { readonly queued: number; readonly failures: number; readonly lastError: string | undefined } {
    return { queued: this.length, failures: this.#failures, lastError: this.#failures > 0 ? this.#lastError : undefined };
  }

  isUnderway(incident: string): boolean {
    return this.#underway?.incidents.includes(incident) ?? false;
  }

  /** Whether a message that an incident has begun waits here. */
  isToFire(incident: string): boolean {
    return this.#firing.has(incident);
  }

  add(item: OutboxItem): void {
    this.#items.push(item);
    this.#count(item, 1);
    this.#work();
  }

  /** Lets everything go; what is under way may still arrive. Returns what was not delivered. */
  close(): readonly OutboxItem[] {
    this.#closed = true;
    this.#timer?.cancel();
    this.#abort?.abort();
    return this.#items;
  }

  #work(): void {
    if (this.#underway || this.#closed) return;
    this.#timer?.cancel();
    const { clock } = this.#options;
    const isOpen = this.#failures >= failuresToOpen && clock.now() < this.#notBeforeMs;
    // Nobody waits for a channel that is down if another one may take over.
    while (this.#items[0] && (!this.#options.wanted(this.#items[0]) || (isOpen && this.#items[0].next.length > 0))) {
      const [item] = this.#items;
      this.#take(item);
      this.#giveUp(item, `the channel is down: ${this.#lastError ?? ''}`);
    }
    const [item] = this.#items;
    if (!item) return;
    const waitMs = this.#notBeforeMs - clock.now();
    if (waitMs > 0) this.#timer = clock.timer(waitMs, () => this.#work());
    else void this.#send(item);
  }

  async #send(item: OutboxItem): Promise<void> {
    this.#underway = item;
    const delivery = await this.#deliver(item.message);
    this.#underway = undefined;
    if (this.#closed) return;
    if (delivery.result === 'delivered') {
      this.#failures = 0;
      this.#take(item);
      this.#options.settled(item, { how: 'delivered' });
    } else this.#failed(item, delivery);
    this.#work();
  }

  async #deliver(message: Message): Promise<Delivery> {
    const abort = new AbortController();
    const { timeoutMs = presetTimeoutMs } = this.#channel;
    this.#abort = abort;
    const late = Promise.withResolvers<Delivery>();
    const timer = this.#options.clock.timer(timeoutMs, () => {
      abort.abort();
      late.resolve({ result: 'later', reason: `no answer within ${timeoutMs / 1000} s` });
    });
    try {
      return await Promise.race([this.#channel.send(message, abort.signal), late.promise]);
    } catch (error) {
      return { result: 'later', reason: error instanceof Error ? error.message : String(error) };
    } finally {
      timer.cancel();
    }
  }

  #failed(item: OutboxItem, delivery: Exclude<Delivery, { result: 'delivered' }>): void {
    const { clock, random } = this.#options;
    const reason = cut(delivery.reason, 500);
    this.#lastError = reason;
    item.attempts += 1;
    if (delivery.result === 'later') {
      this.#failures += 1;
      const fullMs = Math.min(baseMs * 2 ** (this.#failures - 1), longestMs);
      const backoffMs = fullMs / 2 + (random() * fullMs) / 2;
      this.#notBeforeMs = clock.now() + Math.max(backoffMs, Math.min(delivery.retryAfterMs ?? 0, longestRetryAfterMs));
    }
    const isOld = clock.wall() - item.createdMs >= maximumAgeMs;
    const movesOn = item.next.length > 0 && item.attempts >= triesBeforeNext;
    if (delivery.result === 'later' && !isOld && !movesOn) return;
    this.#take(item);
    this.#giveUp(item, reason);
  }

  #giveUp(item: OutboxItem, reason: string): void {
    if (!this.#options.wanted(item)) this.#options.settled(item, { how: 'unwanted' });
    else this.#options.settled(item, { how: item.next.length > 0 ? 'moved' : 'dropped', reason });
  }

  #take(item: OutboxItem): void {
    const index = this.#items.indexOf(item);
    if (index < 0) return;
    this.#items.splice(index, 1);
    this.#count(item, -1);
  }

  #count({ message: { kind }, incidents }: OutboxItem, by: 1 | -1): void {
    if (kind !== 'firing') return;
    for (const id of incidents) {
      const count = (this.#firing.get(id) ?? 0) + by;
      if (count > 0) this.#firing.set(id, count);
      else this.#firing.delete(id);
    }
  }
}
