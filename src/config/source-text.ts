import { isCredentialName } from './credential-name.ts';
import type { Path, Problem } from './problem.ts';

/** Character offsets in a text: from the first to behind the last. */
export type Span = readonly [start: number, end: number];

const shownCharacters = 120;

/** A configuration text that shows its lines without the secrets in them. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #hidden: Span[] = [];
  readonly #lineStarts: number[] = [0];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
  }

  /** From now on excerpts show asterisks there. */
  hide(span: Span): void {
    this.#hidden.push(span);
  }

  /** A problem at a place of this text, which the caret underlines up to the end of its line. */
  problem(span: Span, path: Path, message: string): Problem {
    const line = this.#lineOf(span[0]);
    const start = this.#lineStarts[line - 1] ?? 0;
    const text = this.text.slice(start, (this.#lineStarts[line] ?? this.text.length + 1) - 1).replace(/\r$/, '');
    const shown = hideLiterals(this.#hide(text, start));
    const from = span[0] - start;
    const length = Math.max(1, Math.min(span[1], start + text.length) - span[0]);
    // A long line is cut around the place.
    const cut = shown.length > shownCharacters ? Math.max(0, from - shownCharacters / 2) : 0;
    const window = shown
      .slice(cut, cut + shownCharacters)
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => ' '.repeat(character.length));
    const caret = ' '.repeat(from - cut) + '^'.repeat(Math.min(length, Math.max(1, cut + shownCharacters - from)));
    const gutter = String(line);
    const excerpt = `  ${gutter} | ${window}\n  ${' '.repeat(gutter.length)} | ${caret}`;
    return { file: this.file, line, column: from + 1, path, message, excerpt };
  }

  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  #hide(line: string, lineStart: number): string {
    let shown = line;
    for (const [start, end] of this.#hidden) {
      const from = Math.max(start - lineStart, 0);
      const to = Math.min(end - lineStart, line.length);
      if (from < to) shown = shown.slice(0, from) + '*'.repeat(to - from) + shown.slice(to);
    }
    return shown;
  }
}

/** Hides what reads like a secret where the text could not be taken apart. Keeps the length, so that carets stay right. */
function hideLiterals(line: string): string {
  const stars = (text: string) => '*'.repeat(text.length);
  return line
    .replace(
      /(["']?)([\w.-]+)\1(\s*:\s+)("[^"]*"?|'[^']*'?|[^,}\]#]+)/g,
      (whole, quote: string, key: string, colon: string, value: string) =>
        isCredentialName(key) && !isReference(value) && !/^[[{|>&*]/.test(value) ? `${quote}${key}${quote}${colon}${stars(value)}` : whole,
    )
    .replace(/\b((?:Bearer|Basic)\s+)(?!\$\{)([^\s"',}]+)/gi, (_, scheme: string, value: string) => scheme + stars(value))
    .replace(/\b(?:sk|pk|rk|xox[abps]|gh[pousr])[-_][\w-]{8,}/g, stars)
    .replace(/(\/\/)([^/@\s"']+)(@)/g, (_, slashes: string, userinfo: string, sign: string) => slashes + stars(userinfo) + sign);
}

/** Whether a scalar as written only names its secret: `${NAME}`, `Bearer ${NAME}` or `file:/path`. */
export function isReference(written: string): boolean {
  const text = written.trim().replace(/^["']|["']$/g, '');
  return /^([A-Za-z]+ )?\$\{\w+\}$/.test(text) || /^file:/.test(text);
}
