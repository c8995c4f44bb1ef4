import type { Body, Read } from '../core/outcome.ts';

/** Why reading was given up: the call's signal has aborted, or a limit of time has passed. */
export type Interruption = 'aborted' | 'time';

/** Reads a body ahead and keeps what came. An interrupted read stays pending and is not lost. */
export class HeldBody {
  readonly chunks: Uint8Array[] = [];
  bytes = 0;
  /** The read that was interrupted. */
  pending: Promise<Read> | undefined;
  readonly #body: Body;
  #interruption: Interruption | undefined;
  #wake: ((came: Interruption) => void) | undefined;

  constructor(body: Body) {
    this.#body = body;
  }

  /** Takes what is at hand; undefined where that is nothing. Once interrupted it does not read any more. */
  poll(): 'chunk' | 'end' | Interruption | undefined {
    if (this.#interruption) return this.#interruption;
    const now = this.#body.poll();
    return now && this.#take(now);
  }

  /** Reads on; tells what came. Once interrupted it does not read any more. */
  read(): Promise<'chunk' | 'end' | Interruption> {
    if (this.#interruption) return Promise.resolve(this.#interruption);
    const pending = this.#body.next();
    this.pending = pending;
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      pending.then((read) => {
        if (this.#interruption) return;
        this.pending = undefined;
        resolve(this.#take(read));
      }, reject);
    });
  }

  #take(read: Read): 'chunk' | 'end' {
    if (read.done) return 'end';
    this.chunks.push(read.value);
    this.bytes += read.value.byteLength;
    return 'chunk';
  }

  /** Ends the read that is pending, and every later one. The first reason stays. */
  interrupt(why: Interruption): void {
    this.#interruption ??= why;
    this.#wake?.(why);
  }
}
