import { randomFillSync } from 'node:crypto';

const poolBytes = 8192;
/** No id is to be all 0; one that begins so is drawn once more. */
const allZero = '0'.repeat(16);

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
    return id.startsWith(allZero) ? this.#draw(bytes) : id;
  }
}
