import type { ToolCall, Turn } from '../core/conversation.ts';
import { textOfArguments } from './loops/canonical-arguments.ts';

/** How much of the beginning and of the end of a text counts: enough to tell turns apart, and no more than needed to be fast. */
const sampled = 24;

/** Ids that count (`call_0`, `functions.read:3`, `mcp2_read:0`) come again in every conversation. */
const counted = /^[a-z_.:-]*\d{0,6}$|[_.:-]\d{1,6}$/iu;

/**
 * A key for each beginning of a conversation: equal where all turns up to there are. Two keys of 32 bits over samples of the
 * texts, and not a digest of all: this runs on the whole history with every request.
 */
export class TurnKeys {
  readonly length: number;
  /** Two numbers for each turn; written out only for those that are asked for, which are the last ones nearly always. */
  readonly #pairs: Int32Array;
  readonly #before: TurnKey | undefined;

  /** `before` is the key of what comes before the turns. */
  constructor(turns: readonly Turn[], before?: TurnKey) {
    this.#before = before;
    this.length = turns.length;
    this.#pairs = new Int32Array(turns.length * 2);
    const mix = new Mix(before);
    let at = 0;
    for (const turn of turns) {
      mix.number(turn.kind.length);
      mix.text(turn.text);
      if (turn.kind === 'result') mix.text(turn.call);
      if (turn.kind === 'assistant')
        for (const call of turn.calls) mix.text(hasOwnId(call) ? call.id : `${call.id} ${call.tool} ${textOfArguments(call.arguments)}`);
      mix.writeTo(this.#pairs, at);
      at += 2;
    }
  }

  /** The key of the first `count` turns and what came before; undefined where that is nothing, and for more than there are. */
  of(count: number): string | undefined {
    const key = this.at(count);
    return key && keyOf(...key);
  }

  /** The same as numbers, to go on from. */
  at(count: number): TurnKey | undefined {
    if (count === 0) return this.#before;
    return count < 0 || count > this.length ? undefined : [this.#pairs[count * 2 - 2] ?? 0, this.#pairs[count * 2 - 1] ?? 0];
  }
}

/** The key of a beginning as the numbers that it is made of. */
export type TurnKey = readonly [number, number];

/** The key as a text. */
export function keyOf(a: number, b: number): string {
  return `${a.toString(36)}.${b.toString(36)}`;
}

/** A key for a call: its id with what it asks for, as some servers give their ids again. */
export function callKey({ id, tool, arguments: given }: ToolCall): string {
  const mix = new Mix();
  mix.text(tool);
  mix.text(textOfArguments(given));
  return `${id} ${mix.key}`;
}

/** Whether a call is told from all others by its id alone. */
export function hasOwnId({ id, tool }: ToolCall): boolean {
  return id !== tool && !counted.test(id);
}

class Mix {
  #a: number;
  #b: number;

  constructor([a, b]: TurnKey = [0x811c9dc5 | 0, 0x9e3779b9 | 0]) {
    this.#a = a;
    this.#b = b;
  }

  get key(): string {
    return keyOf(this.#a, this.#b);
  }

  writeTo(pairs: Int32Array, at: number): void {
    pairs[at] = this.#a;
    pairs[at + 1] = this.#b;
  }

  text(text: string): void {
    const { length } = text;
    let a = mixA(this.#a, length);
    let b = mixB(this.#b, length);
    for (let at = 0; at < length; at += 1) {
      if (at === sampled && length > 2 * sampled) at = length - sampled;
      const code = text.charCodeAt(at);
      a = mixA(a, code);
      b = mixB(b, code);
    }
    this.#a = a;
    this.#b = b;
  }

  number(value: number): void {
    this.#a = mixA(this.#a, value);
    this.#b = mixB(this.#b, value);
  }
}

function mixA(state: number, value: number): number {
  return Math.imul(state ^ value, 0x01000193);
}

function mixB(state: number, value: number): number {
  return Math.imul((state << 5) + (state >>> 2) + value, 0x85ebca6b);
}
