import type { Call } from './dialect.ts';
import type { Event } from './event.ts';
import type { Agent } from './exchange.ts';
import type { CallTrace } from './trace.ts';
import type { CallAccount } from './usage.ts';

/** The call that an event is about. One object a call, the same at each of its events. */
export interface CallInfo {
  readonly id: string;
  readonly agent: Agent;
  /** Said by the caller, or sent by its program by itself; in the body, once somebody has read that. */
  readonly session?: string | undefined;
  /** The route's path prefix, as configured. */
  readonly route: string;
  /** The upstream of the route. */
  readonly upstream: string;
  readonly method: string;
  /** On the clock's scale, in milliseconds. */
  readonly startedAt: number;
  /** What it has spent so far: of the subscriber that keeps the accounts. */
  account?: CallAccount | undefined;
  /** Undefined where no traces are made. */
  readonly trace?: CallTrace | undefined;
  /** What its request asks for, once somebody has read it. */
  readonly asked?: Call | undefined;
  /** The attempt that was answered last: of the subscriber that keeps the metrics. */
  answered?: Extract<Event, { kind: 'attempt-answered' }> | undefined;
  /** The attempts so far, as in the `x-outrigger-attempts` header; empty where there were none. */
  ledger(): string;
}

/** Called at once for every event, in the order of the list. What is slow keeps a bounded ring of its own. */
export interface Subscriber {
  readonly name: string;
  on(event: Event, call: CallInfo | undefined): void;
}

/** Carries every event to every subscriber; one that throws harms neither the call nor the others. */
export class Journal {
  #subscribers: readonly Subscriber[];
  readonly #errors = new Map<string, number>();

  constructor(subscribers: readonly Subscriber[]) {
    this.#subscribers = subscribers;
  }

  /** Puts a further one at the end of the list. Returns what takes it out again. */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers = [...this.#subscribers, subscriber];
    return () => {
      this.#subscribers = this.#subscribers.filter((other) => other !== subscriber);
    };
  }

  publish(event: Event, call?: CallInfo): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber.on(event, call);
      } catch {
        this.#errors.set(subscriber.name, (this.#errors.get(subscriber.name) ?? 0) + 1);
      }
    }
  }

  /** How often each subscriber threw. */
  errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }
}
