import { bytesPerToken, textBytesIn } from './text-size.ts';

/** So many events from the first are looked into, and of those behind them every one whose number is a power of two. */
const sampledAtFirst = 4;

/**
 * Tells how much a model wrote in a stream, by the sizes of its events: an event is text in a wrapper whose size hardly
 * changes within a stream, and that is learned from a few of them. Costs two additions an event.
 */
export class EventSizes {
  #events = 0;
  #bytes = 0;
  #sampled = 0;
  #wrapperBytes = 0;
  #textBytes = 0;
  /** Events before the last report of tokens. */
  #reported = 0;

  /** Takes an event that holds something of the answer. */
  see(data: Buffer): void {
    this.#events += 1;
    this.#bytes += data.length;
    const number = this.#reported + this.#events;
    if (number <= sampledAtFirst || (number & (number - 1)) === 0) this.#sample(data);
  }

  /** The tokens of all events so far have been reported. */
  reported(): void {
    this.#reported += this.#events;
    this.#events = 0;
    this.#bytes = 0;
  }

  /** Tokens since the last report, at least one an event; 0 for a stream without text, such as one of images. */
  get tokens(): number {
    if (this.#events === 0 || this.#textBytes === 0) return 0;
    const textBytes = this.#bytes - (this.#events * this.#wrapperBytes) / this.#sampled;
    return Math.max(this.#events, Math.ceil(textBytes / bytesPerToken));
  }

  #sample(data: Buffer): void {
    const textBytes = textBytesIn(data);
    this.#sampled += 1;
    this.#textBytes += textBytes;
    this.#wrapperBytes += data.length - textBytes;
  }
}
