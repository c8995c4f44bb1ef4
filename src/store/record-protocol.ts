/** Kind, id and JSON of a record; without JSON, it is to be removed. */
export type WrittenChange = readonly [kind: string, id: string, json: string | undefined];

/** A record as it stands on disk. */
export interface StoredRow {
  readonly kind: string;
  readonly id: string;
  /** JSON. */
  readonly value: string;
}

/** What the thread that writes is asked. It answers in order. */
export type WorkerRequest =
  | { readonly what: 'commit'; readonly changes: readonly WrittenChange[] }
  | { readonly what: 'read'; readonly kind: string | undefined }
  | { readonly what: 'close' };

/** What it answers; the first answer comes unasked. */
export type WorkerAnswer =
  | { readonly what: 'opened'; readonly keys: readonly Pick<StoredRow, 'kind' | 'id'>[]; readonly aside?: string }
  | { readonly what: 'unusable'; readonly reason: string }
  | { readonly what: 'committed' }
  | { readonly what: 'failed'; readonly reason: string }
  | { readonly what: 'read'; readonly rows: readonly StoredRow[] }
  | { readonly what: 'closed' };
