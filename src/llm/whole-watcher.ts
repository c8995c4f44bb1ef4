import type { Judgement, Watcher } from '../core/dialect.ts';
import type { Verdict } from '../core/verdict.ts';
import type { AnswerFormat } from './answer-format.ts';
import { asObject, objectsIn, parseJson } from './json-object.ts';
import { asBuffer, behindSpace } from './json-scan.ts';

/** An answer up to this is judged at its end; a longer one is taken for good when it passes it. */
const limitBytes = 64 * 1024;
/** Of a longer answer, so much is kept from its end for the token counts. */
const tailBytes = 16 * 1024;

/** Follows an answer that is one JSON text. White space before it keeps the connection alive and means nothing. */
export class WholeWatcher implements Watcher {
  readonly head = 'more';
  meaningful = 0;
  started = false;
  readonly #format: AnswerFormat;
  #chunks: Uint8Array[] = [];
  #kept = 0;
  #bytes = 0;

  constructor(format: AnswerFormat) {
    this.#format = format;
  }

  push(chunk: Uint8Array): Verdict | 'more' {
    if (behindSpace(chunk, 0) < chunk.byteLength) this.meaningful += 1;
    if (this.meaningful > 0 && chunk.byteLength > 0) this.#keep(chunk);
    this.started = this.meaningful > 0;
    return this.#bytes > limitBytes ? 'ok' : 'more';
  }

  end(whole: boolean): Judgement {
    const [first] = this.#chunks;
    const kept = first && this.#chunks.length === 1 ? asBuffer(first) : Buffer.concat(this.#chunks);
    this.#chunks = [];
    const isTail = this.#bytes > limitBytes;
    if (isTail || !whole) {
      const usage = isTail ? this.#format.readTail(kept) : undefined;
      return { verdict: whole ? 'ok' : 'network', complete: whole, ...(usage && { usage }) };
    }
    const answer = parseJson(kept);
    if (answer === undefined) return { verdict: 'server-error', complete: true };
    if (Array.isArray(answer) && this.#format.readBatch) return { complete: true, ...this.#format.readBatch(objectsIn(answer)) };
    return { complete: true, ...this.#format.readWhole(asObject(answer) ?? {}) };
  }

  #keep(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    this.#kept += chunk.byteLength;
    if (this.#bytes <= limitBytes) return;
    let spare = 0;
    for (const first of this.#chunks) {
      if (this.#kept - first.byteLength < tailBytes) break;
      this.#kept -= first.byteLength;
      spare += 1;
    }
    if (spare > 0) this.#chunks = this.#chunks.slice(spare);
  }
}
