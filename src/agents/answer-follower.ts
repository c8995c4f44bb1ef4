import type { PieceReader } from '../core/conversation.ts';
import type { Ending, Tap } from '../core/outcome.ts';

/** Reads an answer on its way, and tells how it ended and what it was; undefined where that cannot be read. */
export class AnswerFollower<T> implements Tap {
  readonly #reader: PieceReader<T>;
  readonly #onEnd: (ending: Ending, read: T | undefined) => void;

  constructor(reader: PieceReader<T>, onEnd: (ending: Ending, read: T | undefined) => void) {
    this.#reader = reader;
    this.#onEnd = onEnd;
  }

  chunk(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const read = this.#reader.push(bytes);
    return read ? read.then(() => bytes) : bytes;
  }

  async end(ending: Ending): Promise<Ending> {
    const read = await this.#reader.end();
    this.#onEnd(ending, read);
    return ending;
  }
}
