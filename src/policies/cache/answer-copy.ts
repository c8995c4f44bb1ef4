import type { AnswerStore } from './answer-store.ts';
import type { WholeBody } from './stored-answer.ts';

const smallestBytes = 4096;
const nothing = new Uint8Array(0);

/**
 * A copy of a body, made chunk by chunk: the chunks themselves are views of buffers that are far larger. Its room is taken
 * from the store until it is finished or dropped.
 */
export class AnswerCopy {
  readonly #store: AnswerStore;
  readonly #limitBytes: number;
  #buffer: Uint8Array = nothing;
  #size = 0;
  #ends: number[] = [];
  #over = false;

  /** `announcedBytes`, where the length is known before, spares growing. */
  constructor(store: AnswerStore, limitBytes: number, announcedBytes: number | undefined) {
    this.#store = store;
    this.#limitBytes = limitBytes;
    if (announcedBytes !== undefined && announcedBytes <= limitBytes) this.#grow(announcedBytes);
  }

  /** It has ended: nothing can be taken any more. */
  get dropped(): boolean {
    return this.#over;
  }

  /** Takes a chunk; false where it makes the body longer than the limit, or there is no room for it. */
  add(chunk: Uint8Array): boolean {
    const size = this.#size + chunk.byteLength;
    if (this.#over || size > this.#limitBytes) return false;
    if (size > this.#buffer.byteLength && !this.#grow(Math.min(Math.max(2 * size, smallestBytes), this.#limitBytes))) return false;
    this.#buffer.set(chunk, this.#size);
    this.#size = size;
    this.#ends.push(size);
    return true;
  }

  /** What was taken so far, exact in size; ends the copy. */
  finish(): WholeBody {
    const bytes = this.#size === this.#buffer.byteLength ? this.#buffer : this.#buffer.slice(0, this.#size);
    const body = { bytes, ends: Uint32Array.from(this.#ends) };
    this.drop();
    return body;
  }

  /** Ends the copy and gives its room back. Idempotent. */
  drop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#store.free(this.#buffer.byteLength);
    this.#buffer = nothing;
    this.#size = 0;
    this.#ends = [];
  }

  #grow(bytes: number): boolean {
    if (!this.#store.reserve(bytes - this.#buffer.byteLength)) return false;
    const grown = new Uint8Array(bytes);
    grown.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = grown;
    return true;
  }
}
