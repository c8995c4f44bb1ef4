import type { Judgement, Watcher } from '../core/dialect.ts';
import type { Verdict } from '../core/verdict.ts';

export interface PlainFacts {
  /** What the head says; a bad one stands. */
  readonly verdict: Verdict;
  /** The answer is good once so many bytes of it are there; 0 if the head suffices. */
  readonly awaitedBytes: number;
  /** What an answer without a byte is. */
  readonly empty: Verdict;
}

/** Follows an answer that is not looked into: its head and its bytes are all that counts. */
export class PlainWatcher implements Watcher {
  readonly head: Verdict | 'more';
  meaningful = 0;
  started = false;
  readonly #facts: PlainFacts;
  #verdict: Verdict | 'more';
  #bytes = 0;

  constructor(facts: PlainFacts) {
    this.#facts = facts;
    this.head = facts.verdict === 'ok' && facts.awaitedBytes > 0 ? 'more' : facts.verdict;
    this.#verdict = this.head;
  }

  push(chunk: Uint8Array): Verdict | 'more' {
    if (chunk.byteLength > 0) {
      this.#bytes += chunk.byteLength;
      this.meaningful += 1;
      this.started = true;
      if (this.#verdict === 'more' && this.#bytes >= this.#facts.awaitedBytes) this.#verdict = 'ok';
    }
    return this.#verdict;
  }

  end(whole: boolean): Judgement {
    const { verdict, empty } = this.#facts;
    if (verdict !== 'ok') return { verdict, complete: whole };
    if (!whole) return { verdict: 'network', complete: false };
    return { verdict: this.#bytes === 0 && this.head === 'more' ? empty : 'ok', complete: true };
  }
}
