import { chmodSync, existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory } from './make-directory.ts';
import type { StoredRow } from './record-protocol.ts';

/** SQLite's result codes for a file that is no database or a broken one. */
const corrupt: ReadonlySet<unknown> = new Set([11, 26]);
const busy = 5;
const pageBytes = 4096;
const limitBytes = 64 * 1024 ** 2;

export interface OpenedDatabase {
  readonly database: DatabaseSync;
  /** Where a damaged file was put that stood in the place. */
  readonly aside?: string;
}

/**
 * Opens the records in a file of SQLite, for this connection alone. A file that SQLite cannot read is put aside, never deleted. Throws
 * where no file can be had.
 */
export function openDatabase(path: string): OpenedDatabase {
  makeDirectory(dirname(path));
  try {
    return { database: open(path) };
  } catch (error) {
    if (!corrupt.has(codeOf(error))) throw error;
    const aside = `${path}.corrupt-${Date.now()}`;
    for (const suffix of ['', '-wal', '-shm']) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    return { database: open(path), aside };
  }
}

/** All that a database holds, or what it holds of one kind. */
export function rowsIn(database: DatabaseSync, kind?: string): StoredRow[] {
  const all = 'SELECT kind, id, value FROM records';
  const rows = kind === undefined ? database.prepare(all).all() : database.prepare(`${all} WHERE kind = ?`).all(kind);
  return rows as unknown as StoredRow[];
}

/** Why a database could not be used, for people. */
export function troubleWith(path: string, error: unknown): string {
  if (codeOf(error) === busy) return `another sidecar has ${path}`;
  return `${path}: ${error instanceof Error ? error.message : String(error)}`;
}

function open(path: string): DatabaseSync {
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

function codeOf(error: unknown): unknown {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  // The low byte of an extended code is the plain one.
  return typeof code === 'number' ? code & 0xff : code;
}
