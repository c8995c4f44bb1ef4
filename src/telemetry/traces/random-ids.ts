import { randomFillSync } from 'node:crypto';

const poolBytes = 8192;

/** Ids of traces and spans: random hex digits, drawn from a pool that is filled in one go. */
export class RandomIds {
  readonly #pool = Buffer.allocUnsafe(poolBytes);
  #at = poolBytes;

  /** 32 hex digits, not all 0. */
  trace(): string {
    return this.#draw(16);
  }

  /** 16 hex digits, not all 0. */
  span(): string {
    return this.#draw(8);
  }

  #draw(bytes: number): string {
    if (this.#at + bytes > poolBytes) {
      randomFillSync(this.#pool);
      this.#at = 0;
    }
    const id = this.#pool.toString('hex', this.#at, this.#at + bytes);
    this.#at += bytes;
    return /[^0]/.test(id) ? id : this.#draw(bytes);
  }
}
