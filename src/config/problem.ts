/** Keys and indexes that lead to a value of the configuration. */
export type Path = readonly (string | number)[];

/** Something to say about a value; it has no place in a file yet. */
export interface Finding {
  readonly path: Path;
  /** What to point at: the key or the value. */
  readonly at: 'key' | 'value';
  readonly message: string;
}

/** Something to say about a place, ready to be shown. Holds no secret. */
export interface Problem {
  /** As the user named it; a flag such as `--listen` for what came from the command line. */
  readonly file: string;
  /** Both counted from 1. */
  readonly line?: number;
  readonly column?: number;
  readonly path: Path;
  readonly message: string;
  /** The line of the source and a line with a caret below it. */
  readonly excerpt?: string;
}

/** A configuration that cannot be started with; the message lists every problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** `FILE:LINE:COL path: message`, and below it the line with a caret. */
export function formatProblem(problem: Problem): string {
  const head = printable(`${formatPlace(problem)}: ${problem.message}`);
  return problem.excerpt === undefined ? head : `${head}\n${problem.excerpt}`;
}

/** `FILE:LINE:COL path`, in one line. */
export function formatPlace({ file, line, column, path }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const inside = formatPath(path);
  return printable(inside === '' ? place : `${place} ${inside}`);
}

/** Nothing that a terminal would act on or hide: keys are free to choose. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** `policies.llm.retry.on[1]`; a key that is not a plain name is quoted. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[\w@-][\w@./-]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

/** One string for a path, to look it up by. */
export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

/** Tells of a finding at a key `below` what is being looked at; the steps to it are separated by dots. */
export type Say = (below: string, message: string) => unknown;
