import { absent, emptyDigest, type FilesRead } from './files-read.ts';

export interface SettlingTimes {
  /** So long must files that have changed stay as they are. */
  readonly settleMs: number;
  /** The same where one of them is gone or empty: whoever writes it anew is at it. */
  readonly goneMs: number;
}

/** Tells when files have changed and somebody who writes them has come to an end. */
export class Settling {
  readonly #times: SettlingTimes;
  #known: FilesRead;
  #seen: FilesRead | undefined;
  #since = 0;

  /** `known` is what was read and is no news. */
  constructor(known: FilesRead, times: SettlingTimes) {
    this.#known = new Map(known);
    this.#times = times;
  }

  /** The files to look at. */
  get paths(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** Compares with these files from now on. */
  know(files: FilesRead): void {
    this.#known = new Map(files);
    this.#seen = undefined;
  }

  /** What the files are like at a time in milliseconds: as known, changed just now, or changed and at rest. */
  see(files: FilesRead, atMs: number): 'known' | 'unsettled' | 'changed' {
    // One that could not be read then is known as it is seen first.
    for (const [path, digest] of this.#known) if (digest === undefined) this.#known.set(path, files.get(path));
    if (isSame(files, this.#known)) {
      this.#seen = undefined;
      return 'known';
    }
    if (!this.#seen || !isSame(files, this.#seen)) {
      this.#seen = files;
      this.#since = atMs;
      return 'unsettled';
    }
    const isGone = [...files.values()].some((digest) => digest === absent || digest === emptyDigest);
    return atMs - this.#since >= (isGone ? this.#times.goneMs : this.#times.settleMs) ? 'changed' : 'unsettled';
  }
}

function isSame(some: FilesRead, others: FilesRead): boolean {
  return some.size === others.size && [...some].every(([path, digest]) => others.get(path) === digest);
}
