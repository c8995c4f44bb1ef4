import { LRUCache } from 'lru-cache';
import type { State } from '../../core/state.ts';
import { type StoredAnswer, sizeOf } from './stored-answer.ts';

/** Answers by key, the least recently used dropped first. What is still being copied counts in its limit. */
export class AnswerStore {
  // The limit is ours to keep: it may change, and copies count in it.
  readonly #answers = new LRUCache<string, StoredAnswer>({ maxSize: Number.MAX_SAFE_INTEGER });
  /** Hears of every answer that is kept, other than by `take`. */
  onKept: ((key: string, answer: StoredAnswer) => void) | undefined;
  #limitBytes = 0;
  #copyingBytes = 0;
  #hits = 0;
  #evicted = 0;

  /** The bytes that answers and copies may take up from now on. */
  limit(bytes: number): void {
    this.#limitBytes = bytes;
    this.#makeRoom(0);
  }

  get(key: string): StoredAnswer | undefined {
    return this.#answers.get(key);
  }

  /** Keeps an answer in place of the one before it, if it fits. */
  keep(key: string, answer: StoredAnswer): boolean {
    if (!this.take(key, answer)) return false;
    this.onKept?.(key, answer);
    return true;
  }

  /** The same for an answer that another process has told of. */
  take(key: string, answer: StoredAnswer): boolean {
    const size = sizeOf(answer) + key.length;
    this.#answers.delete(key);
    if (!this.#makeRoom(size)) return false;
    this.#answers.set(key, answer, { size });
    return true;
  }

  /** Takes room for a copy that is being made, dropping answers for it; false if there is none. */
  reserve(bytes: number): boolean {
    if (!this.#makeRoom(bytes)) return false;
    this.#copyingBytes += bytes;
    return true;
  }

  /** Gives room back that was reserved. */
  free(bytes: number): void {
    this.#copyingBytes -= bytes;
  }

  /** An answer was served. */
  served(): void {
    this.#hits += 1;
  }

  inspect() {
    return {
      entries: this.#answers.size,
      bytes: this.#answers.calculatedSize,
      copyingBytes: this.#copyingBytes,
      limitBytes: this.#limitBytes,
      hits: this.#hits,
      evicted: this.#evicted,
    };
  }

  #makeRoom(bytes: number): boolean {
    const room = this.#limitBytes - this.#copyingBytes - bytes;
    if (room < 0) return false;
    while (this.#answers.calculatedSize > room) {
      this.#answers.pop();
      this.#evicted += 1;
    }
    return true;
  }
}

/** The answers of a policy set, shared by all of its stacks. */
export function answersOf({ state }: { readonly state: State }, set: string): AnswerStore {
  return state('cache', set, () => new AnswerStore());
}
