import { LineReader } from './lines.ts';
import { type EventReader, eventLimitBytes, type OnEvent } from './sse.ts';

/** Reads newline-delimited JSON: every line that is not empty is an event without a name. Bounded by 1 MB a line. */
export class NdjsonReader implements EventReader {
  readonly comments = 0;
  readonly #lines: LineReader;

  constructor(onEvent: OnEvent) {
    this.#lines = new LineReader(eventLimitBytes, (bytes, start, end) => {
      if (end > start) onEvent(bytes.subarray(start, end), '');
    });
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk);
  }

  end(): void {
    this.#lines.end();
  }
}
