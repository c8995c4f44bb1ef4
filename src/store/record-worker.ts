import { chmodSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerAnswer, WorkerRequest } from './record-protocol.ts';

/** SQLite's result codes for a file that is no database or a broken one. */
const corrupt: ReadonlySet<unknown> = new Set([11, 26]);
const busy = 5;
const pageBytes = 4096;

const { path, limitBytes } = workerData as { path: string; limitBytes: number };
const port = parentPort;
if (!port) throw new Error('this is the main file of a worker');

const tell = (answer: WorkerAnswer) => port.postMessage(answer);

start();

function start(): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const { database, aside } = openOrReplace();
    const records = database.prepare('SELECT kind, id, value FROM records').all() as { kind: string; id: string; value: string }[];
    serve(database);
    tell({ what: 'opened', records, ...(aside !== undefined && { aside }) });
  } catch (error) {
    tell({ what: 'unusable', reason: reasonOf(error), locked: codeOf(error) === busy });
    port?.close();
  }
}

/** A file that SQLite cannot read is put aside, never deleted. */
function openOrReplace(): { database: DatabaseSync; aside?: string } {
  try {
    return { database: open() };
  } catch (error) {
    if (!corrupt.has(codeOf(error))) throw error;
    const aside = `${path}.corrupt-${Date.now()}`;
    for (const suffix of ['', '-wal', '-shm']) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    return { database: open(), aside };
  }
}

function open(): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 1000 });
  try {
    // Held as long as the connection lives, and let go by the kernel however the process ends: one sidecar a directory.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    database.exec(`PRAGMA max_page_count = ${Math.ceil(limitBytes / pageBytes)}; PRAGMA journal_size_limit = 16777216;`);
    database.exec('BEGIN EXCLUSIVE; COMMIT');
    const [check] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
    if (check?.quick_check !== 'ok') throw Object.assign(new Error('the database is damaged'), { errcode: 11 });
    database.exec(
      'CREATE TABLE IF NOT EXISTS records (kind TEXT, id TEXT, value TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID',
    );
    chmodSync(path, 0o600);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function serve(database: DatabaseSync): void {
  const put = database.prepare('INSERT INTO records VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  const remove = database.prepare('DELETE FROM records WHERE kind = ? AND id = ?');
  port?.on('message', (request: WorkerRequest) => {
    if (request.what === 'close') {
      database.close();
      tell({ what: 'closed' });
      port.close();
      return;
    }
    try {
      database.exec('BEGIN');
      for (const [kind, id, value] of request.changes) {
        if (value === undefined) remove.run(kind, id);
        else put.run(kind, id, value);
      }
      database.exec('COMMIT');
      tell({ what: 'committed' });
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      tell({ what: 'failed', reason: reasonOf(error) });
    }
  });
}

function codeOf(error: unknown): unknown {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  // The low byte of an extended code is the plain one.
  return typeof code === 'number' ? code & 0xff : code;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
