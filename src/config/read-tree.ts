import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type ParsedNode, parseAllDocuments } from 'yaml';
import { ConfigTree } from './config-tree.ts';
import type { FilesRead } from './files-read.ts';
import { hideSecrets } from './hide-secrets.ts';
import { type Path, type Problem, pathKey } from './problem.ts';
import type { SourceText, Span } from './source-text.ts';
import { type Environment, substitute } from './substitute.ts';
import { syntaxProblems } from './syntax-problems.ts';

const valueLimit = 100_000;
const aliasLimit = 100;
const depthLimit = 32;
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export interface ReadTree {
  /** Undefined if the text could not be taken apart. */
  readonly tree: ConfigTree | undefined;
  readonly problems: readonly Problem[];
}

/**
 * YAML 1.2 with its core schema into plain values: one document, unique keys, no tags of one's own, a bounded number of
 * values, aliases and levels. References to the environment are resolved in values, never in keys, and never make structure.
 * `files` learns of the files that values are read from.
 */
export function readTree(source: SourceText, environment: Environment, directory: string, files: FilesRead): ReadTree {
  const parsed = parseAllDocuments<ParsedNode>(source.text, {
    version: '1.2',
    schema: 'core',
    customTags: [],
    resolveKnownTags: false,
    merge: false,
    // The reader below looks for them, in linear time.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const [document, second] = parsed;
  if (!document) return { tree: undefined, problems: [emptyFile(source)] };
  hideSecrets(document, source);
  const { problems, fatal } = syntaxProblems(document, source);
  if (second) {
    const [start] = second.range;
    const text = 'a second document starts here; a configuration is one document';
    return { tree: undefined, problems: [...problems, source.problem([start, start + 1], [], text)] };
  }
  if (fatal) return { tree: undefined, problems };
  if (isScalar(document.contents) && document.contents.value === null) return { tree: undefined, problems: [emptyFile(source)] };
  const reader = new Reader(document, source, environment, directory, files);
  reader.tree.value = reader.read(document.contents, [], 0);
  return { tree: reader.overflowed ? undefined : reader.tree, problems: [...problems, ...reader.problems] };
}

function emptyFile(source: SourceText): Problem {
  return { file: source.file, path: [], message: 'the configuration is empty; it needs upstreams and routes at least' };
}

class Reader {
  readonly tree: ConfigTree;
  readonly problems: Problem[] = [];
  /** A limit was met: the values are not all there. */
  overflowed = false;
  readonly #document: Document;
  readonly #source: SourceText;
  readonly #environment: Environment;
  readonly #directory: string;
  readonly #files: FilesRead;
  #values = 0;
  #aliases = 0;

  constructor(document: Document, source: SourceText, environment: Environment, directory: string, files: FilesRead) {
    this.tree = new ConfigTree(source);
    this.#document = document;
    this.#source = source;
    this.#environment = environment;
    this.#directory = directory;
    this.#files = files;
  }

  read(node: Node | null, path: Path, depth: number, key?: Span): unknown {
    if (this.overflowed) return undefined;
    const value = spanOf(node) ?? (key ? ([key[1], key[1]] as const) : ([0, 0] as const));
    this.tree.place(path, key ? { key, value } : { value });
    if (++this.#values > valueLimit) return this.#overflow(value, path, `there are more than ${valueLimit} values`);
    if (depth > depthLimit) return this.#overflow(value, path, `nested more than ${depthLimit} levels deep`);
    if (isAlias(node)) {
      if (++this.#aliases > aliasLimit) return this.#overflow(value, path, `there are more than ${aliasLimit} aliases`);
      const target = node.resolve(this.#document);
      if (target) return this.read(target, path, depth + 1, key);
      return this.#refuse(value, path, 'no anchor of this name stands before it');
    }
    if (isMap(node)) return this.#readMap(node.items, path, depth);
    if (isSeq(node)) return node.items.map((item, index) => this.read(item as Node | null, [...path, index], depth + 1));
    if (!isScalar(node)) return null;
    return typeof node.value === 'string' ? this.#readText(node.value, value, path) : node.value;
  }

  #readMap(pairs: readonly Pair[], path: Path, depth: number): Record<string, unknown> {
    const mapping: Record<string, unknown> = {};
    for (const pair of pairs) {
      const span = spanOf(pair.key as Node | null) ?? [0, 0];
      if (!isScalar(pair.key)) {
        // A brace outside quotes opens a mapping, also as the key of another.
        this.#complain(span, path, 'a key must be a plain name; is a text with braces not in quotes?');
        continue;
      }
      const name = pair.key.source ?? String(pair.key.value);
      const at = [...path, name];
      if (Object.hasOwn(mapping, name)) this.#complain(span, at, 'this key stands here twice');
      else if (forbiddenKeys.has(name)) this.#complain(span, at, 'this key is not allowed');
      else if (name === '<<') this.#complain(span, at, 'merge keys are not part of YAML 1.2; write the keys out');
      else mapping[name] = this.read(pair.value as Node | null, at, depth + 1, span);
    }
    return mapping;
  }

  #readText(written: string, span: Span, path: Path): string {
    const { text, foreign, messages } = substitute(written, this.#environment, this.#directory, this.#files);
    if (foreign) this.tree.foreign.add(pathKey(path));
    for (const message of messages) this.#refuse(span, path, message);
    return text;
  }

  /** About a value that is no use to anybody: nothing more needs to be said about it. */
  #refuse(span: Span, path: Path, message: string): undefined {
    this.tree.failed.add(pathKey(path));
    this.#complain(span, path, message);
  }

  #complain(span: Span, path: Path, message: string): void {
    this.problems.push(this.#source.problem(span, path, message));
  }

  #overflow(span: Span, path: Path, message: string): undefined {
    this.overflowed = true;
    this.#refuse(span, path, message);
  }
}

function spanOf(node: Node | null): Span | undefined {
  return node?.range ? [node.range[0], node.range[1]] : undefined;
}
