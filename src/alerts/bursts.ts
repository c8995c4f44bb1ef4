import { LRUCache } from 'lru-cache';
import { RateWindow } from './rate-window.ts';

/** Counts events that are nothing by themselves, by what they are about. */
export class Bursts {
  readonly #windows = new LRUCache<string, RateWindow>({ max: 1000 });

  /** Counts one more, and tells whether there were enough of them within the window. */
  hit(key: string, minimum: number, windowMs: number, nowMs: number): boolean {
    if (minimum <= 1) return true;
    const window = this.#windows.get(key) ?? new RateWindow(windowMs);
    window.add(nowMs, 1, 0);
    if (window.read(nowMs).all < minimum) {
      this.#windows.set(key, window);
      return false;
    }
    this.#windows.delete(key);
    return true;
  }
}
