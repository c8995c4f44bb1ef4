import type { Clock } from '../core/clock.ts';
import type { Exchange } from '../core/exchange.ts';
import { abortedFailure, failure } from '../core/failure.ts';
import type { Failure } from '../core/outcome.ts';
import type { PolicyContext } from '../core/policy.ts';
import { AdaptiveLimit, type LoadSign } from './bulkhead-limit.ts';
import { PlacesQueue, type Waited, Waiter } from './places-queue.ts';

/** The limits in force. */
export interface PlaceLimits {
  /** Calls at a time. */
  concurrent: number;
  /** Calls that may wait. */
  queue: number;
  /** Whether calls at a time may be fewer, as the upstream can bear. */
  adaptive?: boolean;
  /** The part of either that one agent may take, as a fraction of 1, and one call at the least. */
  perAgent?: number | undefined;
}

/** Why a call may not even wait: there is no room, or its agent has taken its share of it. */
export type NoRoom = 'full' | 'share';

/**
 * The places of one upstream and the queue before them, first come first served, but for agents that have taken their share.
 * Lower limits take effect as places are given back. Nothing of a call outlives its wait. Where places are shared out, each
 * is taken, waited for and given back in the name of an agent; elsewhere `agent` is left out.
 */
export class Places {
  readonly #clock: Clock;
  readonly #queue = new PlacesQueue();
  /** None until a policy sets them. */
  #limits: PlaceLimits = { concurrent: 0, queue: 0 };
  #adaptive: AdaptiveLimit | undefined;
  #inUse = 0;
  /** Places that agents hold in their names; an agent without one is not in it. */
  readonly #held = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets the limits in force; those who wait get the places that this adds. What was learned stays. */
  limit(limits: PlaceLimits): void {
    this.#limits = limits;
    if (!limits.adaptive) this.#adaptive = undefined;
    else if (this.#adaptive) this.#adaptive.ceiling = limits.concurrent;
    else this.#adaptive = new AdaptiveLimit(limits.concurrent);
    this.#serve();
  }

  /** Whether a place was free; `free` gives it back. Nobody is overtaken: where somebody waits who may have one, none is free. */
  take(agent?: string): boolean {
    if (this.#inUse >= this.#concurrent || this.hasShare(agent)) return false;
    this.#hold(agent);
    return true;
  }

  /** Takes a place though none may be free. Says whether there would be no room to wait for one. */
  takeAnyway(agent?: string): NoRoom | undefined {
    this.#hold(agent);
    if (this.#inUse > this.#concurrent + this.#limits.queue) return 'full';
    if (agent === undefined) return undefined;
    return (this.#held.get(agent) ?? 0) > this.#shareOf(this.#concurrent) + this.#shareOf(this.#limits.queue) ? 'share' : undefined;
  }

  free(agent?: string): void {
    this.#inUse -= 1;
    if (agent !== undefined) {
      const held = (this.#held.get(agent) ?? 0) - 1;
      if (held > 0) this.#held.set(agent, held);
      else this.#held.delete(agent);
    }
    this.#serve();
  }

  /** Whether the agent has all the places that it may have. */
  hasShare(agent: string | undefined): boolean {
    return agent !== undefined && (this.#held.get(agent) ?? 0) >= this.#shareOf(this.#concurrent);
  }

  /** Why there is no room to wait; undefined where there is. */
  noRoom(agent?: string): NoRoom | undefined {
    if (this.#queue.length >= this.#limits.queue) return this.hasShare(agent) ? 'share' : 'full';
    return agent !== undefined && this.#queue.countOf(agent) >= this.#shareOf(this.#limits.queue) ? 'share' : undefined;
  }

  /** Waits for a place for at most `waitMs`, up to the call's deadline, and while nothing ends the call. */
  wait(exchange: Exchange, waitMs: number, agent?: string): Promise<Waited> {
    if (exchange.signal.aborted) return Promise.resolve(abortedFailure(exchange.signal, 'no'));
    const leftMs = exchange.deadline - this.#clock.now();
    if (leftMs <= 0) return Promise.resolve(pastDeadline());
    return new Promise((resolve) => {
      const waiter = new Waiter(exchange, agent, this.#queue, resolve);
      waiter.timer = this.#clock.timer(Math.min(waitMs, leftMs), () => waiter.leave(leftMs <= waitMs ? pastDeadline() : 'waited out'));
      this.#queue.push(waiter);
    });
  }

  /** Asks again for all who wait whether they are still admitted, and sends away who is not. */
  recheck(): void {
    let waiter = this.#queue.head;
    while (waiter) {
      const { next } = waiter;
      const refusal = waiter.exchange.admission?.refusal();
      if (refusal) waiter.leave(refusal);
      waiter = next;
    }
  }

  /** For an adaptive limit: a good answer has begun; see `AdaptiveLimit.answered`. */
  answered(firstByteMs: number | undefined, startedAt: number): void {
    this.#adaptive?.answered(firstByteMs, this.#sign(startedAt));
    this.#serve();
  }

  /** For an adaptive limit: a call that was sent at `startedAt` was too much for the upstream. */
  overloaded(startedAt: number): void {
    this.#adaptive?.overloaded(this.#sign(startedAt));
  }

  /** What it knows now, as JSON; `agents` where places are shared out. */
  inspect(): { inUse: number; limit: number; queued: number; queueLimit: number } {
    const { queue, perAgent } = this.#limits;
    return {
      inUse: this.#inUse,
      limit: this.#concurrent,
      queued: this.#queue.length,
      queueLimit: queue,
      ...(this.#adaptive && { adaptive: this.#adaptive.inspect() }),
      ...(perAgent !== undefined && { agents: Object.fromEntries(this.#held) }),
    };
  }

  get #concurrent(): number {
    return this.#adaptive ? this.#adaptive.limit : this.#limits.concurrent;
  }

  #shareOf(places: number): number {
    const { perAgent } = this.#limits;
    return perAgent === undefined ? places : Math.max(Math.floor(places * perAgent), 1);
  }

  #hold(agent: string | undefined): void {
    this.#inUse += 1;
    if (agent !== undefined) this.#held.set(agent, (this.#held.get(agent) ?? 0) + 1);
  }

  #sign(startedAt: number): LoadSign {
    return { startedAt, nowMs: this.#clock.now(), inUse: this.#inUse };
  }

  #serve(): void {
    let waiter = this.#queue.head;
    while (waiter && this.#inUse < this.#concurrent) {
      const { next } = waiter;
      if (!this.hasShare(waiter.agent)) {
        this.#hold(waiter.agent);
        waiter.leave(undefined);
      }
      waiter = next;
    }
  }
}

/** The places of an upstream, shared by every stack. */
export function placesOf({ state, clock }: Pick<PolicyContext, 'state' | 'clock'>, upstream: string): Places {
  return state('bulkhead', upstream, () => new Places(clock));
}

function pastDeadline(): Failure {
  return failure('deadline_exceeded', 'the call ran out of time while it waited for its turn', { phase: 'deadline' });
}
