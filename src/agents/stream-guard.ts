import type { PieceReader } from '../core/conversation.ts';
import { type Ending, type Reply, type Tap, tap } from '../core/outcome.ts';
import { repeatingTail } from './loops/repeating-tail.ts';

/** So much of the text is kept, and looked at after so many more characters. */
const tailLength = 4096;
const stepLength = 256;

/** What reads the text of an answer, told of each piece. */
export type TextReader = (onText: (text: string) => void) => PieceReader<unknown> | undefined;

/**
 * Follows the text of a streamed answer, and tells `onLoop` once when its end is one passage again and again. Where that
 * returns true, the answer is broken off.
 */
export class StreamGuard implements Tap {
  readonly reply: Reply;
  readonly #reader: PieceReader<unknown> | undefined;
  readonly #onLoop: (times: number) => boolean;
  readonly #onText = (text: string): void => this.#text(text);
  #tail = '';
  #unseen = 0;
  #told = false;
  #broken = false;

  constructor(reply: Reply, read: TextReader, onLoop: (times: number) => boolean) {
    this.#onLoop = onLoop;
    this.#reader = read(this.#onText);
    this.reply = this.#reader ? tap(reply, this) : reply;
  }

  chunk(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    if (this.#told || !this.#reader) return bytes;
    const read = this.#reader.push(bytes);
    return read ? read.then(() => this.#passed(bytes)) : this.#passed(bytes);
  }

  end(ending: Ending): Ending {
    if (!this.#broken) return ending;
    return { ...ending, verdict: 'invalid-output', complete: false, brokenBy: { code: 'repetitive_answer', message } };
  }

  #passed(bytes: Uint8Array): Uint8Array {
    if (this.#broken) this.reply.discard();
    return bytes;
  }

  #text(text: string): void {
    if (this.#told) return;
    this.#tail = (this.#tail + text).slice(-tailLength);
    this.#unseen += text.length;
    if (this.#unseen < stepLength) return;
    this.#unseen = 0;
    const times = repeatingTail(this.#tail);
    if (times === undefined) return;
    this.#told = true;
    this.#broken = this.#onLoop(times);
  }
}

const message = 'The answer was broken off: it went on repeating one passage.';
