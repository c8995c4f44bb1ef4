import { type FSWatcher, watch } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

interface Watched {
  readonly watcher: FSWatcher;
  /** Of the directory at that time: another one may take its name. */
  readonly identity: string;
}

/**
 * Tells that something has happened in the directories of files, and in those that links lead to. A watch on a file itself
 * is blind once it is replaced by another (editors, ConfigMaps).
 */
export class WatchedDirectories {
  readonly #onEvent: () => void;
  readonly #watched = new Map<string, Watched>();
  #closed = false;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches the directories where these files are now, and no others. */
  async follow(files: readonly string[]): Promise<void> {
    const wanted = new Map<string, string>();
    for (const file of files) {
      for (const directory of [dirname(file), ...(await linkedDirectory(file))]) {
        const identity = await identityOf(directory);
        if (identity !== undefined) wanted.set(directory, identity);
      }
    }
    if (this.#closed) return;
    for (const [directory, { identity }] of this.#watched) if (wanted.get(directory) !== identity) this.#drop(directory);
    for (const [directory, identity] of wanted) if (!this.#watched.has(directory)) this.#add(directory, identity);
  }

  close(): void {
    this.#closed = true;
    for (const directory of this.#watched.keys()) this.#drop(directory);
  }

  #add(directory: string, identity: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, this.#onEvent);
      watcher.on('error', () => this.#drop(directory));
      this.#watched.set(directory, { watcher, identity });
    } catch {
      // Gone again, or more than the system watches: whoever looks from time to time notices.
    }
  }

  #drop(directory: string): void {
    this.#watched.get(directory)?.watcher.close();
    this.#watched.delete(directory);
  }
}

async function linkedDirectory(file: string): Promise<string[]> {
  try {
    return [dirname(await realpath(file))];
  } catch {
    return [];
  }
}

async function identityOf(directory: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(directory);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
