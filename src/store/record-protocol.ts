/** Kind, id and JSON of a record; without JSON, it is to be removed. */
export type WrittenChange = readonly [kind: string, id: string, json: string | undefined];

/** What the thread that writes is asked. One request at a time. */
export type WorkerRequest = { readonly what: 'commit'; readonly changes: readonly WrittenChange[] } | { readonly what: 'close' };

/** What it answers; the first answer comes unasked. */
export type WorkerAnswer =
  | { readonly what: 'opened'; readonly records: readonly { kind: string; id: string; value: string }[]; readonly aside?: string }
  | { readonly what: 'unusable'; readonly reason: string; readonly locked: boolean }
  | { readonly what: 'committed' }
  | { readonly what: 'failed'; readonly reason: string }
  | { readonly what: 'closed' };
