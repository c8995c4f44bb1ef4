import type { Clock } from './core/clock.ts';
import type { Event } from './core/event.ts';
import type { CallInfo, Subscriber } from './core/journal.ts';

interface Wait {
  /** It is for the calls that began up to then. */
  readonly until: number;
  left: number;
  readonly over: () => void;
}

/** Knows when the calls that are under way at some moment have ended. Counts them: what is kept by call would outlive it. */
export class CallsUnderWay implements Subscriber {
  readonly name = 'calls-under-way';
  readonly #clock: Clock;
  readonly #waits = new Set<Wait>();
  #count = 0;

  /** The clock that calls take the time of their start from. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  on(event: Event, call: CallInfo | undefined): void {
    if (event.kind === 'call-started') this.#count += 1;
    else if (event.kind === 'call-ended') {
      this.#count -= 1;
      if (this.#waits.size > 0 && call) this.#ended(call.startedAt);
    }
  }

  /** Resolves when every call that is under way now has ended, whatever has begun since. */
  ended(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waits.add({ until: this.#clock.now(), left: this.#count, over: resolve });
    });
  }

  #ended(startedAt: number): void {
    for (const wait of this.#waits) {
      if (startedAt > wait.until) continue;
      wait.left -= 1;
      if (wait.left > 0) continue;
      this.#waits.delete(wait);
      wait.over();
    }
  }
}
