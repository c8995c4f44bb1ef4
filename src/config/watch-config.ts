import { open, stat } from 'node:fs/promises';
import type { Clock, Timer } from '../core/clock.ts';
import { absent, digestOf, type FilesRead, readLimitBytes } from './files-read.ts';
import { isMissing } from './read-text.ts';
import { Settling, type SettlingTimes } from './settling.ts';
import { WatchedDirectories } from './watched-directories.ts';

export interface WatchTimes extends SettlingTimes {
  /** The system does not tell of every change (network file systems, links to links): so often they are looked at anyway. */
  readonly lookEveryMs: number;
}

export interface WatchOptions {
  /** What the configuration in force was read from. */
  readonly files: FilesRead;
  readonly clock: Clock;
  readonly times?: WatchTimes;
  /** Reads the configuration anew; returns what it was read from, whether it was accepted or not. Must not throw. */
  reload(): FilesRead;
}

export interface ConfigWatcher {
  /** Reloads at once, changed or not. */
  reload(): void;
  close(): void;
}

const usualTimes: WatchTimes = { settleMs: 200, goneMs: 2000, lookEveryMs: 10_000 };

/**
 * Reloads a configuration when the content of a file that it was read from has changed and is at rest. What counts is the
 * content: a file that is touched, replaced by its like or gone for a moment is no change.
 */
export function watchConfig(options: WatchOptions): ConfigWatcher {
  const watcher = new Watcher(options, options.times ?? usualTimes);
  void watcher.look();
  return watcher;
}

class Watcher implements ConfigWatcher {
  readonly #options: WatchOptions;
  readonly #times: WatchTimes;
  readonly #settling: Settling;
  readonly #directories = new WatchedDirectories(() => this.#lookSoon());
  #soon: Timer | undefined;
  #later: Timer | undefined;
  #looking = false;
  #closed = false;

  constructor(options: WatchOptions, times: WatchTimes) {
    this.#options = options;
    this.#times = times;
    this.#settling = new Settling(options.files, times);
  }

  reload(): void {
    this.#settling.know(this.#options.reload());
    // There may be other directories to watch now.
    this.#lookSoon();
  }

  close(): void {
    this.#closed = true;
    this.#soon?.cancel();
    this.#later?.cancel();
    this.#directories.close();
  }

  async look(): Promise<void> {
    this.#looking = true;
    const { paths } = this.#settling;
    // Before the files are read, so that nothing can happen in between unnoticed.
    await this.#directories.follow(paths);
    const files = new Map<string, string | undefined>();
    for (const path of paths) files.set(path, await digestAt(path));
    this.#looking = false;
    if (this.#closed) return;
    const seen = this.#settling.see(files, this.#options.clock.now());
    if (seen === 'changed') this.reload();
    else if (seen === 'unsettled') this.#lookSoon();
    this.#later?.cancel();
    this.#later = this.#options.clock.timer(this.#times.lookEveryMs, () => this.#lookSoon());
  }

  /** Not put off by further events: where there is no end of them, changes are seen all the same. */
  #lookSoon(): void {
    if (this.#closed) return;
    this.#soon ??= this.#options.clock.timer(this.#times.settleMs, () => {
      this.#soon = undefined;
      if (this.#looking) this.#lookSoon();
      else void this.look();
    });
  }
}

/** The digest that the reader of the configuration would take; something that is none where it is no file that can be read. */
async function digestAt(path: string): Promise<string> {
  try {
    // Opening a pipe would wait for whoever writes to it.
    if (!(await stat(path)).isFile()) return 'not a file';
    await using file = await open(path);
    // Some file systems name no size; the byte behind the end shows a file that has grown since.
    const { size } = await file.stat();
    const bytes = Buffer.alloc(size === 0 ? readLimitBytes : Math.min(size + 1, readLimitBytes));
    let filled = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, null);
      filled += bytesRead;
      if (bytesRead === 0 || filled === bytes.length) return digestOf(bytes.subarray(0, filled));
    }
  } catch (error) {
    return isMissing(error) ? absent : `cannot be read: ${String(error)}`;
  }
}
