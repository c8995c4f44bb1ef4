import type { Clock } from '../../core/clock.ts';
import type { Ending, Read, Tap } from '../../core/outcome.ts';
import { Pause } from './pause.ts';

/** Passes a body in small pieces, with a wait before each. */
export class DrippedBody implements Tap {
  readonly origin = 'chaos';
  readonly #bytes: number;
  readonly #everyMs: number;
  readonly #pause: Pause;
  #rest: Uint8Array | undefined;

  constructor(bytes: number, everyMs: number, clock: Clock) {
    this.#bytes = bytes;
    this.#everyMs = everyMs;
    this.#pause = new Pause(clock);
  }

  async read(next: () => Promise<Read>): Promise<Uint8Array | undefined> {
    const value = this.#rest ?? (await next()).value;
    if (!value) return undefined;
    await this.#pause.wait(this.#everyMs);
    this.#rest = value.byteLength > this.#bytes ? value.subarray(this.#bytes) : undefined;
    return value.subarray(0, this.#bytes);
  }

  end(ending: Ending): Ending {
    this.#pause.stop();
    return ending;
  }
}
