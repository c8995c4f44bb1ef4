import { existsSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { StoredRow } from './record-protocol.ts';
import type { OpenedRecords } from './record-store.ts';
import { memoryRecords, type RecordChange, type Records, type RecordsHealth, type SmallRecords, type StoredRecord } from './records.ts';

/** What went wrong with the file, for the log. */
export type StoreTrouble = { readonly aside: string } | { readonly reason: string };

/**
 * The one durable store of a sidecar: small records of JSON by kind and id, in a file of SQLite. Its thread starts with the first record that is
 * written, or by `open`; until then the file is not held. Where it cannot be used, all is in memory and `health` says why. Never throws, never rejects.
 */
export class StateStore implements Records, SmallRecords {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #onTrouble: (trouble: StoreTrouble) => void;
  #opening: Promise<OpenedRecords> | undefined;
  #records: Records | undefined;
  /** Why the file could not be read; it is tried again to write. */
  #unread: string | undefined;
  #closed = false;

  constructor(path: string, clock: Clock, onTrouble: (trouble: StoreTrouble) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  /** What is on disk of one kind, or all of it. Holds up the event loop unless the thread is running: it is for starts. */
  async load(kind?: string): Promise<readonly StoredRecord[]> {
    try {
      const rows = await (this.#opening ? this.#opening.then(({ read }) => read(kind)) : this.#readAtOnce(kind));
      return rows.map(({ value, ...key }) => ({ ...key, value: JSON.parse(value) as unknown }));
    } catch (error) {
      const { troubleWith } = await import('./database.ts');
      this.#unread = troubleWith(this.#path, error);
      this.#onTrouble({ reason: this.#unread });
      return [];
    }
  }

  put(kind: string, id: string, value: unknown): Promise<boolean> {
    return this.commit([{ kind, id, value }]);
  }

  remove(kind: string, id: string): Promise<boolean> {
    return this.commit([{ kind, id }]);
  }

  stored(): Promise<boolean> {
    return this.#opening ? this.commit([]) : Promise.resolve(this.#unread === undefined);
  }

  commit(changes: readonly RecordChange[]): Promise<boolean> {
    return this.#records ? this.#records.commit(changes) : this.#opened().then(({ records }) => records.commit(changes));
  }

  /** Starts the thread and holds the file from now on. */
  async open(): Promise<void> {
    await this.#opened();
  }

  health(): RecordsHealth {
    if (this.#records) return this.#records.health();
    return this.#unread === undefined ? { persistent: true } : { persistent: false, reason: this.#unread };
  }

  /** Writes what is left and lets the file go. */
  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#opening)?.records.close();
  }

  /** Who asks first goes on first: an end must not come before what is still to be written. */
  #opened(): Promise<OpenedRecords> {
    if (this.#closed) return Promise.resolve({ records: memoryRecords('the sidecar has ended'), read: () => Promise.resolve([]) });
    if (this.#opening) return this.#opening;
    const opening = this.#open();
    this.#opening = opening;
    void opening.then(({ records }) => {
      this.#records = records;
    });
    return opening;
  }

  async #open(): Promise<OpenedRecords> {
    const { openRecords } = await import('./record-store.ts');
    const opened = await openRecords(this.#path, this.#clock);
    const health = opened.records.health();
    if (opened.aside !== undefined) this.#onTrouble({ aside: opened.aside });
    if (!health.persistent) this.#onTrouble({ reason: health.reason });
    return opened;
  }

  /** Most starts find no file, and load nothing of SQLite. */
  async #readAtOnce(kind: string | undefined): Promise<readonly StoredRow[]> {
    if (!existsSync(this.#path)) return [];
    const { openDatabase, rowsIn } = await import('./database.ts');
    const { database, aside } = openDatabase(this.#path);
    try {
      if (aside !== undefined) this.#onTrouble({ aside });
      return rowsIn(database, kind);
    } finally {
      database.close();
    }
  }
}
