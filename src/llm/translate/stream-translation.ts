import { asBuffer } from '../json-scan.ts';
import { SseReader } from '../sse.ts';

/** Takes the events of a stream in one format, and gives what they are in the other. */
export interface EventTranslation {
  /** Something of the answer itself has been given: it is not only its beginning. */
  readonly begun: boolean;
  /** One event as text of a stream, empty where it says nothing yet. Throws `Untranslatable`. */
  event(data: Buffer, name: string): string;
}

/** A longer event cannot be translated: its end would be missing. */
const eventLimitBytes = 16 * 1024 * 1024;

/** A comment says that the connection lives, in either format. */
const comment = ':\n\n';

/**
 * Translates a stream of server-sent events chunk by chunk. What it gives for all chunks does not depend on where they were
 * cut, and nothing is kept but the event that is not whole yet. `push` and `end` throw `Untranslatable`.
 */
export class StreamTranslation {
  readonly #events: EventTranslation;
  readonly #reader: SseReader;
  #comments = 0;
  #out = '';

  constructor(events: EventTranslation) {
    this.#events = events;
    this.#reader = new SseReader((data, name) => this.#event(data, name), eventLimitBytes);
  }

  get begun(): boolean {
    return this.#events.begun;
  }

  push(chunk: Uint8Array): string {
    this.#reader.push(asBuffer(chunk));
    return this.#taken();
  }

  /** The input has ended whole: what is left of it. */
  end(): string {
    this.#reader.end();
    return this.#taken();
  }

  #event(data: Buffer, name: string): void {
    this.#say();
    this.#out += this.#events.event(data, name);
  }

  #taken(): string {
    this.#say();
    const out = this.#out;
    this.#out = '';
    return out;
  }

  /** In their place among the events, wherever chunks were cut. */
  #say(): void {
    this.#out += comment.repeat(this.#reader.comments - this.#comments);
    this.#comments = this.#reader.comments;
  }
}
