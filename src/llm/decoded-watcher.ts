import type { Judgement, Watcher } from '../core/dialect.ts';
import type { RawHeaders } from '../core/headers.ts';
import type { Verdict } from '../core/verdict.ts';
import { Decoder, type Encoding, encodings } from './decoder.ts';

/** What is looked at of a compressed answer, after which it is let through uninspected. */
const limits = { decodedBytes: 10 * 1024 * 1024, ratio: 100, encodings: 3 };
/** Below this the ratio says nothing: a short text of blanks shrinks as much. */
const ratioFromBytes = 1024 * 1024;

const field = 'content-encoding';

/**
 * The content codings of an answer in the order in which they were applied, without `identity`. Undefined if one is
 * unknown or there are more than three: such an answer cannot be looked into.
 */
export function contentEncodings(headers: RawHeaders): readonly Encoding[] | undefined {
  const named: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (name.length === field.length && name.toLowerCase() === field) named.push(...(headers[i + 1] ?? '').toLowerCase().split(','));
  }
  const applied = named.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
  return applied.length <= limits.encodings && applied.every(isEncoding) ? applied : undefined;
}

function isEncoding(name: string): name is Encoding {
  return (encodings as readonly string[]).includes(name);
}

/**
 * Lets a watcher see the decoded copy of a compressed answer, chunk by chunk as it comes. Bounded: above 10 MB, or a
 * megabyte at a ratio of 100, it stops looking and judges by what it saw. Data that is cut or corrupt counts as cut.
 */
export class DecodedWatcher implements Watcher {
  readonly head: Verdict | 'more';
  readonly #inner: Watcher;
  readonly #decoders: readonly Decoder[];
  #verdict: Verdict | 'more';
  #encodedBytes = 0;
  #decodedBytes = 0;
  #blind = false;
  #blindChunks = 0;
  /** The work on earlier chunks: each waits for the one before it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(inner: Watcher, applied: readonly Encoding[]) {
    this.head = inner.head;
    this.#inner = inner;
    this.#verdict = inner.head;
    this.#decoders = applied.toReversed().map((encoding) => new Decoder(encoding, limits.decodedBytes));
  }

  get meaningful(): number {
    return this.#inner.meaningful + this.#blindChunks;
  }

  get started(): boolean {
    return this.#inner.started || this.#blind;
  }

  push(chunk: Uint8Array): Promise<Verdict | 'more'> {
    const judged = this.#last.then(() => this.#see(chunk));
    this.#last = judged;
    return judged;
  }

  async end(whole: boolean): Promise<Judgement> {
    await this.#last;
    if (!this.#blind) await this.#finish();
    for (const decoder of this.#decoders) decoder.close();
    const broken = this.#decoders.some((decoder) => decoder.state === 'broken');
    if (!this.#blind || broken) return this.#inner.end(whole && !broken);
    const seen = this.#verdict === 'more' ? 'ok' : this.#verdict;
    return { verdict: seen === 'ok' && !whole ? 'network' : seen, complete: whole };
  }

  async #see(chunk: Uint8Array): Promise<Verdict | 'more'> {
    if (this.#blind) {
      this.#blindChunks += 1;
      return this.#verdict;
    }
    this.#encodedBytes += chunk.byteLength;
    await this.#through(0, [chunk]);
    if (this.#blind && this.#verdict === 'more') this.#verdict = 'ok';
    return this.#verdict;
  }

  /** Each coding's rest goes through the codings behind it before they are finished themselves. */
  async #finish(): Promise<void> {
    for (const [i, decoder] of this.#decoders.entries()) await this.#through(i + 1, await decoder.finish());
  }

  async #through(from: number, chunks: readonly Uint8Array[]): Promise<void> {
    const decoder = this.#decoders[from];
    for (const chunk of chunks) {
      if (this.#blind) return;
      if (decoder) {
        await this.#through(from + 1, await decoder.decode(chunk));
        if (decoder.state === 'full') this.#blind = true;
      } else {
        await this.#show(chunk);
      }
    }
  }

  async #show(chunk: Uint8Array): Promise<void> {
    this.#decodedBytes += chunk.byteLength;
    if (this.#decodedBytes > Math.max(ratioFromBytes, limits.ratio * this.#encodedBytes)) {
      this.#blind = true;
      return;
    }
    this.#verdict = await this.#inner.push(chunk);
  }
}
