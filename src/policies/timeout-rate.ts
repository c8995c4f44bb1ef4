import type { Clock, Timer } from '../core/clock.ts';
import type { Exchange } from '../core/exchange.ts';
import { mediaType } from '../core/headers.ts';
import { type Ending, type Reply, type Tap, tap } from '../core/outcome.ts';
import type { Policy, PolicyContext } from '../core/policy.ts';

export interface MinimumRate {
  /** Bytes a second. */
  minimumRate: number;
  observe: boolean;
}

/** How long a body may take to bring what the rate asks for; each such span by itself. */
const spanMs = 10_000;

/** Answers that come event by event: how long those may take to begin is up to `firstByte` and `hold`. */
const streams: ReadonlySet<string> = new Set(['text/event-stream', 'application/x-ndjson']);

/**
 * Ends an attempt whose body trickles while somebody still waits for all of it: one that has begun and brings fewer bytes
 * in ten seconds than `minimumRate` asks for ends as a timeout, so that it can be made again. Stands inside of the gate,
 * which reads as fast as it can. Once the call has its answer it looks no more: how fast that is read is up to the agent.
 */
export function createMinimumRate(settings: MinimumRate, { clock }: Pick<PolicyContext, 'clock'>): Policy {
  return {
    name: 'minimumRate',
    async run(exchange, next) {
      const outcome = await next(exchange);
      if (outcome.kind !== 'reply' || outcome.standing || outcome.empty || streams.has(mediaType(outcome.headers))) return outcome;
      return new RateGuard(outcome, exchange, settings, clock).reply;
    },
  };
}

class RateGuard implements Tap {
  readonly reply: Reply;
  readonly #exchange: Exchange;
  readonly #settings: MinimumRate;
  readonly #clock: Clock;
  #bytes = 0;
  #begun = false;
  #timer: Timer | undefined;
  #tooSlow = false;
  readonly #onSpan = () => this.#judge();

  constructor(reply: Reply, exchange: Exchange, settings: MinimumRate, clock: Clock) {
    this.#exchange = exchange;
    this.#settings = settings;
    this.#clock = clock;
    this.reply = tap(reply, this);
  }

  chunk(bytes: Uint8Array): Uint8Array {
    this.#bytes += bytes.byteLength;
    if (!this.#begun) {
      this.#begun = true;
      this.#timer = this.#clock.timer(spanMs, this.#onSpan);
    }
    return bytes;
  }

  end(ending: Ending): Ending {
    this.#timer?.cancel();
    return this.#tooSlow ? { ...ending, verdict: 'timeout', complete: false } : ending;
  }

  #judge(): void {
    const { attempt, target, opened } = this.#exchange;
    this.#timer = undefined;
    if (opened.closed) return;
    if (this.#bytes * 1000 >= this.#settings.minimumRate * spanMs) {
      this.#bytes = 0;
      this.#timer = this.#clock.timer(spanMs, this.#onSpan);
      return;
    }
    const event = { kind: 'timeout', attempt, upstream: target.upstream, phase: 'total', afterMs: spanMs } as const;
    this.#exchange.note(this.#settings.observe ? { kind: 'would', attempt, event } : event);
    if (this.#settings.observe) return;
    this.#tooSlow = true;
    this.reply.discard();
  }
}
