import type { AnswerFacts } from '../core/answer-facts.ts';
import type { Judgement, Watcher } from '../core/dialect.ts';
import type { Usage } from '../core/usage.ts';
import type { Verdict } from '../core/verdict.ts';
import { type AnswerFormat, type Asked, fullUsage } from './answer-format.ts';
import { asObject, objectsIn, parseJson } from './json-object.ts';
import { asBuffer, behindSpace } from './json-scan.ts';
import { bytesPerToken, estimateInput, textBytesIn } from './text-size.ts';

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
  readonly #asked: Asked;
  readonly #facts: AnswerFacts | undefined;
  /** Of an answer of which the beginning is not kept: how much of it is text. */
  #textShare: number | undefined;

  /** Without what was asked, no tokens are estimated. */
  constructor(format: AnswerFormat, asked?: Asked, facts?: AnswerFacts) {
    this.#format = format;
    this.#asked = asked;
    this.#facts = facts;
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
      return { verdict: whole ? 'ok' : 'network', complete: whole, ...(usage ? { usage } : this.#estimate(kept)) };
    }
    const answer = parseJson(kept);
    if (answer === undefined) return { verdict: 'server-error', complete: true, ...this.#estimate(kept) };
    if (Array.isArray(answer) && this.#format.readBatch) return { complete: true, ...this.#format.readBatch(objectsIn(answer)) };
    const { verdict, usage } = this.#format.readWhole(asObject(answer) ?? {}, this.#facts);
    if (usage) return { verdict, complete: true, usage };
    return verdict === 'ok' ? { verdict, complete: true, ...this.#estimate(kept) } : { verdict, complete: true };
  }

  /** Tokens by the size of its text; none where there is no text, as in embeddings and errors. */
  #estimate(kept: Buffer): { estimated?: Usage } {
    if (!this.#asked) return {};
    const output = Math.ceil((this.#textShare === undefined ? textBytesIn(kept) : this.#textShare * this.#bytes) / bytesPerToken);
    if (output === 0) return {};
    return { estimated: fullUsage({ input: this.#asked.bytes ? estimateInput(this.#asked.bytes) : 0, output }) };
  }

  #keep(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    this.#kept += chunk.byteLength;
    if (this.#bytes <= limitBytes) return;
    if (this.#asked && this.#textShare === undefined) {
      const [first = chunk] = this.#chunks;
      this.#textShare = textBytesIn(asBuffer(first)) / first.byteLength;
    }
    let spare = 0;
    for (const first of this.#chunks) {
      if (this.#kept - first.byteLength < tailBytes) break;
      this.#kept -= first.byteLength;
      spare += 1;
    }
    if (spare > 0) this.#chunks = this.#chunks.slice(spare);
  }
}
