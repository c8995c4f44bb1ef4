import type { Clock, Timer } from '../core/clock.ts';
import type { Exchange } from '../core/exchange.ts';
import { abortedFailure, failure } from '../core/failure.ts';
import type { Failure } from '../core/outcome.ts';
import type { PolicyContext } from '../core/policy.ts';

/** The limits in force. */
export interface PlaceLimits {
  /** Calls at a time. */
  concurrent: number;
  /** Calls that may wait. */
  queue: number;
}

/** What became of a wait: a place (`undefined`), a failure, or `waited out`. */
type Waited = Failure | 'waited out' | undefined;

/**
 * The places of one upstream and the queue before them, first come first served.
 * Lower limits take effect as places are given back. The queue is a linked list, so that leaving it from anywhere costs
 * nothing and nothing of a call outlives its wait.
 */
export class Places {
  readonly #clock: Clock;
  readonly #queue = new Queue();
  /** None until a policy sets them. */
  #limits: PlaceLimits = { concurrent: 0, queue: 0 };
  #inUse = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets the limits in force; those who wait get the places that this adds. */
  limit(limits: PlaceLimits): void {
    this.#limits = limits;
    this.#serve();
  }

  /** Whether a place was free; `free` gives it back. Nobody is overtaken: where somebody waits, none is free. */
  take(): boolean {
    if (this.#inUse >= this.#limits.concurrent) return false;
    this.#inUse += 1;
    return true;
  }

  /** Takes a place though none may be free. Says whether there would be room to wait for one. */
  takeAnyway(): boolean {
    const { concurrent, queue } = this.#limits;
    this.#inUse += 1;
    return this.#inUse <= concurrent + queue;
  }

  free(): void {
    this.#inUse -= 1;
    this.#serve();
  }

  /** Whether there is no room to wait. */
  get full(): boolean {
    return this.#queue.length >= this.#limits.queue;
  }

  /** Waits for a place for at most `waitMs`, up to the call's deadline, and while nothing ends the call. */
  wait(exchange: Exchange, waitMs: number): Promise<Waited> {
    if (exchange.signal.aborted) return Promise.resolve(abortedFailure(exchange.signal, 'no'));
    const leftMs = exchange.deadline - this.#clock.now();
    if (leftMs <= 0) return Promise.resolve(pastDeadline());
    return new Promise((resolve) => {
      const waiter = new Waiter(exchange, this.#queue, resolve);
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

  inspect(): { inUse: number; limit: number; queued: number; queueLimit: number } {
    const { concurrent, queue } = this.#limits;
    return { inUse: this.#inUse, limit: concurrent, queued: this.#queue.length, queueLimit: queue };
  }

  #serve(): void {
    while (this.#inUse < this.#limits.concurrent && this.#queue.head) {
      this.#inUse += 1;
      this.#queue.head.leave(undefined);
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

class Queue {
  head: Waiter | undefined;
  #tail: Waiter | undefined;
  length = 0;

  push(waiter: Waiter): void {
    waiter.previous = this.#tail;
    if (this.#tail) this.#tail.next = waiter;
    else this.head = waiter;
    this.#tail = waiter;
    this.length += 1;
  }

  remove({ previous, next }: Waiter): void {
    if (previous) previous.next = next;
    else this.head = next;
    if (next) next.previous = previous;
    else this.#tail = previous;
    this.length -= 1;
  }
}

/** One call in the queue; listens to its own signal. */
class Waiter {
  readonly exchange: Exchange;
  timer: Timer | undefined;
  previous: Waiter | undefined;
  next: Waiter | undefined;
  readonly #queue: Queue;
  readonly #resolve: (waited: Waited) => void;
  readonly #onAbort = () => this.leave(abortedFailure(this.exchange.signal, 'no'));

  constructor(exchange: Exchange, queue: Queue, resolve: (waited: Waited) => void) {
    this.exchange = exchange;
    this.#queue = queue;
    this.#resolve = resolve;
    exchange.signal.addEventListener('abort', this.#onAbort);
  }

  /** Called at most once: whatever calls it is gone afterwards. */
  leave(waited: Waited): void {
    this.#queue.remove(this);
    this.timer?.cancel();
    this.exchange.signal.removeEventListener('abort', this.#onAbort);
    this.#resolve(waited);
  }
}
