import type { Logger } from 'pino';
import type { Clock, Timer } from '../core/clock.ts';
import type { CallInfo } from '../core/journal.ts';
import { traceOf } from './trace-of.ts';

/** A call that lasts longer is told of while it runs. */
const longMs = 60_000;
const tickMs = 5000;

export interface LongCallsOptions {
  /** The calls of this moment. */
  readonly calls: () => Iterable<CallInfo>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Writes one line for every call that has lasted a minute: its own line and its spans come at its end only. */
export class LongCalls {
  readonly #options: LongCallsOptions;
  #timer: Timer | undefined;
  #lookedAt: number;

  constructor(options: LongCallsOptions) {
    this.#options = options;
    this.#lookedAt = options.clock.now();
    this.#wait();
  }

  close(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer = this.#options.clock.timer(tickMs, () => {
      this.#look();
      this.#wait();
    });
  }

  #look(): void {
    const { calls, clock, logger } = this.#options;
    const now = clock.now();
    for (const call of calls()) {
      const longSince = call.startedAt + longMs;
      if (longSince > now || longSince <= this.#lookedAt) continue;
      const { id, agent, method, route, upstream, startedAt } = call;
      const facts = {
        id,
        ...traceOf(call),
        agent: agent.name,
        method,
        route,
        upstream,
        ms: Math.round(now - startedAt),
        ledger: call.ledger(),
      };
      logger.info(facts, 'exchange under way');
    }
    this.#lookedAt = now;
  }
}
