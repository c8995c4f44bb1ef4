import type { Clock, Timer } from './clock.ts';

interface Pending {
  at: number;
  order: number;
  fire: () => void;
}

/** A clock that stands still until it is told to move; for tests and for replaying recorded runs. */
export class ManualClock implements Clock {
  #now = 0;
  #wall: number;
  #order = 0;
  #pending: Pending[] = [];

  constructor(wallMs = 1_700_000_000_000) {
    this.#wall = wallMs;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wall;
  }

  /** How many timers are set: a leak test's oracle. */
  get pending(): number {
    return this.#pending.length;
  }

  timer(delayMs: number, fire: () => void): Timer {
    const entry = { at: this.#now + Math.max(delayMs, 0), order: this.#order++, fire };
    this.#pending.push(entry);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== entry);
      },
    };
  }

  /** Moves the wall clock alone, as an administrator or NTP would. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  /** Moves time on, firing what falls due in order, and lets promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const due = this.#pending.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!due) break;
      this.#pending = this.#pending.filter((other) => other !== due);
      this.#moveTo(due.at);
      due.fire();
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  #moveTo(at: number): void {
    this.#wall += at - this.#now;
    this.#now = at;
  }
}

/** One turn of the event loop runs every promise callback that is ready. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
