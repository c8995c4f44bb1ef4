import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase, rowsIn, troubleWith } from './database.ts';
import type { StoredRow, WorkerAnswer, WorkerRequest, WrittenChange } from './record-protocol.ts';

const { path } = workerData as { path: string };
const port = parentPort;
if (!port) throw new Error('this is the main file of a worker');

const tell = (answer: WorkerAnswer) => port.postMessage(answer);

start();

function start(): void {
  try {
    const { database, aside } = openDatabase(path);
    const keys = database.prepare('SELECT kind, id FROM records').all() as unknown as Pick<StoredRow, 'kind' | 'id'>[];
    serve(database);
    tell({ what: 'opened', keys, ...(aside !== undefined && { aside }) });
  } catch (error) {
    tell({ what: 'unusable', reason: troubleWith(path, error) });
    port?.close();
  }
}

function serve(database: DatabaseSync): void {
  const put = database.prepare('INSERT INTO records VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  const remove = database.prepare('DELETE FROM records WHERE kind = ? AND id = ?');
  const commit = (changes: readonly WrittenChange[]): WorkerAnswer => {
    try {
      database.exec('BEGIN');
      for (const [kind, id, value] of changes) {
        if (value === undefined) remove.run(kind, id);
        else put.run(kind, id, value);
      }
      database.exec('COMMIT');
      return { what: 'committed' };
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      return { what: 'failed', reason: reasonOf(error) };
    }
  };
  const read = (kind: string | undefined): WorkerAnswer => {
    try {
      return { what: 'read', rows: rowsIn(database, kind) };
    } catch {
      return { what: 'read', rows: [] };
    }
  };
  port?.on('message', (request: WorkerRequest) => {
    if (request.what === 'commit') tell(commit(request.changes));
    else if (request.what === 'read') tell(read(request.kind));
    else {
      database.close();
      tell({ what: 'closed' });
      port.close();
    }
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
