import type { Timer } from '../core/clock.ts';
import type { Exchange } from '../core/exchange.ts';
import { abortedFailure } from '../core/failure.ts';
import type { Failure } from '../core/outcome.ts';

/** What became of a wait: a place (`undefined`), a failure, or `waited out`. */
export type Waited = Failure | 'waited out' | undefined;

/** Calls that wait, in the order of coming. A linked list, so that leaving it from anywhere costs nothing. */
export class PlacesQueue {
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

  /** How many of them are the agent's. */
  countOf(agent: string): number {
    let count = 0;
    for (let waiter = this.head; waiter; waiter = waiter.next) if (waiter.agent === agent) count += 1;
    return count;
  }
}

/** One call in the queue; listens to its own signal. */
export class Waiter {
  readonly exchange: Exchange;
  /** Whose share of the places it counts in; undefined where there are no shares. */
  readonly agent: string | undefined;
  timer: Timer | undefined;
  previous: Waiter | undefined;
  next: Waiter | undefined;
  readonly #queue: PlacesQueue;
  readonly #resolve: (waited: Waited) => void;
  readonly #onAbort = () => this.leave(abortedFailure(this.exchange.signal, 'no'));

  constructor(exchange: Exchange, agent: string | undefined, queue: PlacesQueue, resolve: (waited: Waited) => void) {
    this.exchange = exchange;
    this.agent = agent;
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
