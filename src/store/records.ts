/** One record to put in the place of the one of its kind and id; without a value, to be removed. */
export interface RecordChange {
  readonly kind: string;
  readonly id: string;
  /** What JSON can hold. */
  readonly value?: unknown;
}

export interface StoredRecord {
  readonly kind: string;
  readonly id: string;
  readonly value: unknown;
}

/** Whether records outlive the process now; where not, why, for people. */
export type RecordsHealth = { readonly persistent: true } | { readonly persistent: false; readonly reason: string };

/** Small records that outlive the process. Never throws, never rejects. */
export interface Records {
  /** Resolves to true once all the changes are on disk, or to false when they are in memory alone: they are written later, if that can be. */
  commit(changes: readonly RecordChange[]): Promise<boolean>;
  health(): RecordsHealth;
  /** Writes what is left and lets the file go. */
  close(): Promise<void>;
}
