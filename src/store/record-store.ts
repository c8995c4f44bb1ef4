import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../core/clock.ts';
import type { StoredRow, WorkerAnswer, WorkerRequest, WrittenChange } from './record-protocol.ts';
import { memoryRecords, type RecordChange, type Records, type RecordsHealth } from './records.ts';

/** Records that a thread of its own writes. */
export interface OpenedRecords {
  readonly records: Records;
  /** What is on disk, of one kind or all; nothing where the records are in memory alone. */
  readonly read: (kind?: string) => Promise<readonly StoredRow[]>;
  /** Where a damaged file was put that stood in the place. */
  readonly aside?: string;
}

interface Batch {
  readonly changes: readonly WrittenChange[];
  readonly waiting: readonly ((durable: boolean) => void)[];
}

/** Between two tries to write what could not be written. */
const retryMs = 5000;
/** How long a disk may take before all goes on without it. */
const patienceMs = 2000;

/**
 * Opens the records in a file of SQLite, which a thread of its own writes: no disk holds the event loop up. Where the file
 * cannot be used, or another process holds it, the records are in memory alone and say so. Never rejects.
 */
export async function openRecords(path: string, clock: Clock): Promise<OpenedRecords> {
  let worker: Worker;
  let first: WorkerAnswer;
  try {
    // As TypeScript in the repository, compiled in the package.
    worker = new Worker(new URL(`./record-worker${extname(import.meta.filename)}`, import.meta.url), { workerData: { path } });
    first = await firstAnswer(worker);
  } catch (error) {
    return inMemory(error instanceof Error ? error.message : String(error));
  }
  if (first.what !== 'opened') return inMemory(first.what === 'unusable' ? first.reason : first.what);
  // It alone must not keep the process alive.
  worker.unref();
  const records = new RecordStore(worker, clock, first.keys);
  return { records, read: (kind) => records.read(kind), ...(first.aside !== undefined && { aside: first.aside }) };
}

function inMemory(reason: string): OpenedRecords {
  return { records: memoryRecords(reason), read: () => Promise.resolve([]) };
}

function firstAnswer(worker: Worker): Promise<WorkerAnswer> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread of the records ended')));
  });
}

/** One batch is on its way at a time; what comes meanwhile makes the next one, the last change of each record alone. */
class RecordStore implements Records {
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #pending = new Map<string, WrittenChange>();
  /** Keys of the records on disk. */
  readonly #stored: Set<string>;
  #waiting: ((durable: boolean) => void)[] = [];
  readonly #readers: ((rows: readonly StoredRow[]) => void)[] = [];
  #underway: Batch | undefined;
  #patience: Timer | undefined;
  #retry: Timer | undefined;
  #trouble: string | undefined;
  #gone = false;
  #closing: (() => void) | undefined;

  constructor(worker: Worker, clock: Clock, known: readonly Pick<StoredRow, 'kind' | 'id'>[]) {
    this.#worker = worker;
    this.#clock = clock;
    this.#stored = new Set(known.map(({ kind, id }) => keyOf(kind, id)));
    worker.on('message', (answer: WorkerAnswer) => this.#answered(answer));
    worker.on('error', (error) => this.#ended(error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => this.#ended('the thread of the records ended'));
  }

  commit(changes: readonly RecordChange[]): Promise<boolean> {
    if (this.#gone) return Promise.resolve(false);
    for (const { kind, id, value } of changes) {
      const key = keyOf(kind, id);
      // What never got to the disk need not be removed from it.
      if (value === undefined && !this.#stored.has(key)) this.#pending.delete(key);
      else this.#pending.set(key, [kind, id, value === undefined ? undefined : JSON.stringify(value)]);
    }
    if (this.#trouble !== undefined) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#flush();
    });
  }

  /** What was written before this was asked, of one kind or all. */
  read(kind?: string): Promise<readonly StoredRow[]> {
    if (this.#gone) return Promise.resolve([]);
    return new Promise((resolve) => {
      this.#readers.push(resolve);
      this.#ask({ what: 'read', kind });
    });
  }

  health(): RecordsHealth {
    return this.#trouble === undefined ? { persistent: true } : { persistent: false, reason: this.#trouble };
  }

  async close(): Promise<void> {
    this.#retry?.cancel();
    if (this.#gone) return;
    const closed = new Promise<void>((resolve) => {
      this.#closing = resolve;
    });
    const patience = this.#clock.timer(patienceMs, () => this.#closing?.());
    this.#worker.ref();
    this.#flush();
    if (!this.#underway) this.#ask({ what: 'close' });
    await closed;
    patience.cancel();
    this.#gone = true;
    await this.#worker.terminate();
  }

  #flush(): void {
    if (this.#underway) return;
    if (this.#pending.size === 0) {
      for (const done of this.#waiting.splice(0)) done(true);
      return;
    }
    const changes = [...this.#pending.values()];
    this.#underway = { changes, waiting: this.#waiting };
    this.#pending.clear();
    this.#waiting = [];
    // Until the disk has answered they may be there.
    for (const [kind, id] of changes) this.#stored.add(keyOf(kind, id));
    this.#ask({ what: 'commit', changes });
    this.#patience = this.#clock.timer(patienceMs, () => this.#fail('the disk does not answer'));
  }

  #answered(answer: WorkerAnswer): void {
    if (answer.what === 'closed') this.#closing?.();
    if (answer.what === 'read') this.#readers.shift()?.(answer.rows);
    if (answer.what !== 'committed' && answer.what !== 'failed') return;
    const batch = this.#underway;
    this.#underway = undefined;
    this.#patience?.cancel();
    if (answer.what === 'failed') this.#failed(batch, answer.reason);
    else this.#committed(batch);
  }

  #committed(batch: Batch | undefined): void {
    this.#trouble = undefined;
    for (const [kind, id, json] of batch?.changes ?? []) {
      const key = keyOf(kind, id);
      if (json === undefined && !this.#pending.has(key)) this.#stored.delete(key);
    }
    for (const done of batch?.waiting ?? []) done(true);
    this.#flush();
    if (this.#closing && !this.#underway) this.#ask({ what: 'close' });
  }

  #failed(batch: Batch | undefined, reason: string): void {
    for (const change of batch?.changes ?? []) {
      const key = keyOf(change[0], change[1]);
      if (!this.#pending.has(key)) this.#pending.set(key, change);
    }
    for (const done of batch?.waiting ?? []) done(false);
    this.#fail(reason);
    if (this.#closing) this.#ask({ what: 'close' });
    else this.#retry = this.#clock.timer(retryMs, () => this.#flush());
  }

  /** Whoever waits goes on; the batch may still get to the disk. */
  #fail(reason: string): void {
    this.#trouble = reason;
    for (const done of [...(this.#underway?.waiting ?? []), ...this.#waiting.splice(0)]) done(false);
  }

  #ended(reason: string): void {
    this.#gone = true;
    this.#fail(reason);
    for (const done of this.#readers.splice(0)) done([]);
    this.#closing?.();
  }

  #ask(request: WorkerRequest): void {
    this.#worker.postMessage(request);
  }
}

function keyOf(kind: string, id: string): string {
  return `${kind}\n${id}`;
}
