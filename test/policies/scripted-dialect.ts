import type { Dialect, Judgement, Watcher } from '../../src/core/dialect.ts';
import type { Usage } from '../../src/core/usage.ts';
import { type Verdict, verdicts } from '../../src/core/verdict.ts';
import { dialect as plain } from './kit.ts';

/** What a scripted watcher was shown and asked. */
export interface WatchLog {
  pushed: string[];
  ends: boolean[];
}

export interface Script {
  /** By the head alone; `more` unless said otherwise. */
  head?: Verdict | 'more';
  /** What it says at the end unless the body said something else; such as for an error whose body may tell more. */
  last?: Verdict;
  /** Stands before every push, as a decoder would. */
  decoding?: () => Promise<void>;
  /** The format has no end mark. */
  unmarked?: boolean;
  log?: WatchLog;
}

export const usage: Usage = { input: 3, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

/**
 * A format of one word a line: `start` is a start-up frame, `:` a comment, `part` is meaningful and leaves open how it
 * goes, `say` is content, `usage` tells tokens, `end` is the end mark, `bug` throws, any verdict
 * is an in-band error, and anything else says nothing.
 */
export function scriptedDialect(script: Script = {}): Dialect {
  return { ...plain, watch: () => new ScriptedWatcher(script) };
}

class ScriptedWatcher implements Watcher {
  readonly head: Verdict | 'more';
  meaningful = 0;
  started = false;
  readonly #script: Script;
  #judged: Verdict | 'more';
  #marked = false;
  #usage: Usage | undefined;

  constructor(script: Script) {
    this.#script = script;
    this.head = script.head ?? 'more';
    this.#judged = this.head;
  }

  push(chunk: Uint8Array): Verdict | 'more' | Promise<Verdict | 'more'> {
    const { decoding } = this.#script;
    return decoding ? decoding().then(() => this.#see(chunk)) : this.#see(chunk);
  }

  #see(chunk: Uint8Array): Verdict | 'more' {
    const text = Buffer.from(chunk).toString();
    this.#script.log?.pushed.push(text);
    for (const word of text.split('\n').filter(Boolean)) this.#word(word);
    return this.#judged;
  }

  #word(word: string): void {
    if (word === 'bug') throw new Error('a bug in the watcher');
    if (word.startsWith(':')) return;
    this.started = true;
    if (word === 'start') return;
    if (word === 'end') this.#marked = true;
    else if (word === 'usage') this.#usage = usage;
    else if (word.startsWith('say') || word.startsWith('part')) this.meaningful += 1;
    else this.#judged = verdicts.find((verdict) => verdict === word) ?? this.#judged;
    if (word.startsWith('say') && this.#judged === 'more') this.#judged = 'ok';
  }

  end(whole: boolean): Judgement {
    this.#script.log?.ends.push(whole);
    const marked = this.#marked || (this.#script.unmarked ?? false);
    const { last } = this.#script;
    const judged = this.#judged === 'more' ? (last ?? (this.meaningful === 0 ? 'invalid-output' : 'more')) : this.#judged;
    const fallen = whole && marked ? 'ok' : 'network';
    return {
      verdict: judged === 'more' || judged === 'ok' ? fallen : judged,
      complete: whole && marked,
      ...(this.#usage && { usage: this.#usage }),
    };
  }
}
