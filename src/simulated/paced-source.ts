import type { Clock } from '../core/clock.ts';
import type { Ending, Source } from '../core/outcome.ts';
import type { Script } from './script.ts';

/** The chunks of a script, one by one, as a model writes them. */
export class PacedSource implements Source {
  readonly ended: Promise<Ending>;
  readonly #script: Script;
  readonly #clock: Clock;
  readonly #settle: (ending: Ending) => void;
  #at = 0;
  #bytes = 0;
  #over = false;
  #release: (() => void) | undefined;

  constructor(script: Script, clock: Clock) {
    this.#script = script;
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.ended = promise;
    this.#settle = resolve;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { chunks, firstMs, betweenMs } = this.#script;
    const value = chunks[this.#at];
    if (value && !this.#over) await this.#pause(this.#at === 1 ? firstMs : betweenMs);
    if (!value || this.#over) {
      this.#end('ok');
      return { done: true, value: undefined };
    }
    this.#at += 1;
    this.#bytes += value.byteLength;
    return { done: false, value };
  }

  discard(): void {
    this.#end('cancelled');
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.timer(ms, resolve);
      const release = () => {
        timer.cancel();
        resolve();
      };
      this.#release = release;
    });
  }

  #end(verdict: 'ok' | 'cancelled'): void {
    if (this.#over) return;
    this.#over = true;
    this.#settle({ verdict, complete: verdict === 'ok', bytes: this.#bytes });
    this.#release?.();
  }
}
