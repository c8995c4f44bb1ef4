/** Bytes by key, bounded by size: where a cache keeps its answers. Reads are local and synchronous. */
export interface Store {
  get(key: string): Uint8Array | undefined;
  /** Keeps a value for at most `ttlMs`; may drop older ones to make room. */
  set(key: string, value: Uint8Array, ttlMs: number): void;
  delete(key: string): void;
}
