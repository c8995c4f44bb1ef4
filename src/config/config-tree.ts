import { type Finding, type Path, type Problem, pathKey } from './problem.ts';
import type { SourceText, Span } from './source-text.ts';

/** Where a value stands in the file, or which flag of the command line gave it. */
export type Entry = { readonly key?: Span; readonly value: Span } | { readonly flag: string };

/** Tells in which line a value stands, counted from 1; undefined for what is in no file. */
export type LineOf = (path: Path) => number | undefined;

/** A configuration as plain values, with the place of each. */
export class ConfigTree {
  value: unknown;
  /** Paths of the values that came from the environment or a file, as `pathKey` writes them. */
  readonly foreign = new Set<string>();
  /** Paths of the values that something has been said about already. */
  readonly failed = new Set<string>();
  readonly #source: SourceText;
  readonly #entries = new Map<string, Entry>();

  constructor(source: SourceText) {
    this.#source = source;
  }

  place(path: Path, entry: Entry): void {
    this.#entries.set(pathKey(path), entry);
  }

  /** Puts in a value that the command line gave. */
  override(path: readonly string[], value: unknown, flag: string): void {
    if (!isMapping(this.value)) return;
    let parent = this.value;
    for (const step of path.slice(0, -1)) {
      const child = parent[step];
      if (child !== undefined && !isMapping(child)) return;
      parent = parent[step] = { ...child };
    }
    parent[path.at(-1) ?? ''] = value;
    this.foreign.delete(pathKey(path));
    this.failed.delete(pathKey(path));
    this.place(path, { flag });
  }

  /** Hides a value in excerpts. */
  hide(path: Path): void {
    const entry = this.#entries.get(pathKey(path));
    if (entry && 'value' in entry) this.#source.hide(entry.value);
  }

  /** Line of the value at a path, counted from 1. */
  line(path: Path): number | undefined {
    return this.problem({ path, at: 'key', message: '' }).line;
  }

  /** Where the finding is to be shown: at its value or key or, if there is none, at the nearest thing around it. */
  problem({ path, at, message }: Finding): Problem {
    for (let length = path.length; length >= 0; length--) {
      const entry = this.#entries.get(pathKey(path.slice(0, length)));
      if (!entry) continue;
      if ('flag' in entry) return { file: entry.flag, path: [], message };
      const [start, end] = entry.value;
      const wantsValue = length === path.length && at === 'value' && start < end;
      return this.#source.problem(wantsValue ? entry.value : (entry.key ?? [start, start + 1]), path, message);
    }
    return { file: this.#source.file, path, message };
  }
}

/** Whether a value is a mapping of the file. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path, undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return value[Number(step)];
    return isMapping(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }, root);
}

/** Names and values of a mapping at the top of a configuration; none if there is no such mapping. */
export function entriesAt(root: unknown, section: string): [string, unknown][] {
  const value = valueAt(root, [section]);
  return isMapping(value) ? Object.entries(value) : [];
}
