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

/** Writes small records that outlive the process. Never throws, never rejects. */
export interface Records {
  /** Resolves to true once all the changes are on disk, or to false when they are in memory alone: they are written later, if that can be. */
  commit(changes: readonly RecordChange[]): Promise<boolean>;
  health(): RecordsHealth;
  /** Writes what is left and lets the file go. */
  close(): Promise<void>;
}

/** A few small records that outlive the process, by kind and id. Never throws, never rejects. */
export interface SmallRecords {
  /** What is there of a kind. */
  load(kind: string): Promise<readonly StoredRecord[]>;
  /** Resolves to true once it is on disk, to false where it is in memory alone. */
  put(kind: string, id: string, value: unknown): Promise<boolean>;
  /** As `put`. */
  remove(kind: string, id: string): Promise<boolean>;
  /** Resolves once the disk has answered for all of before: whether it is there. */
  stored(): Promise<boolean>;
}

/** Records that no file keeps. */
export function memoryRecords(reason: string): Records {
  return {
    commit: () => Promise.resolve(false),
    health: () => ({ persistent: false, reason }),
    close: () => Promise.resolve(),
  };
}
