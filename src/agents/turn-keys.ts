import type { ToolCall, Turn } from '../core/conversation.ts';
import { textOfArguments } from './loops/canonical-arguments.ts';

/** How much of the beginning and of the end of a text counts: enough to tell turns apart, and no more than needed to be fast. */
const sampled = 24;

/** Ids that count (`call_0`, `functions.read:3`, `mcp2_read:0`) come again in every conversation. */
const counted = /^[a-z_.:-]*\d{0,6}$|[_.:-]\d{1,6}$/iu;

/**
 * A key for each beginning of a conversation, the shortest first: equal where all turns up to there are. Two keys of 32 bits
 * over samples of the texts, and not a digest of all: this runs on the whole history with every request.
 */
export function turnKeys(turns: readonly Turn[]): string[] {
  const keys: string[] = [];
  const mix = new Mix();
  for (const turn of turns) {
    mix.text(turn.kind);
    mix.text(turn.text);
    if (turn.kind === 'result') mix.text(turn.call);
    if (turn.kind === 'assistant')
      for (const call of turn.calls) mix.text(hasOwnId(call) ? call.id : `${call.id} ${call.tool} ${textOfArguments(call.arguments)}`);
    keys.push(mix.key);
  }
  return keys;
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
  #a = 0x811c9dc5;
  #b = 0x9e3779b9;

  get key(): string {
    return `${(this.#a >>> 0).toString(36)}.${(this.#b >>> 0).toString(36)}`;
  }

  text(text: string): void {
    this.#number(text.length);
    const { length } = text;
    const head = Math.min(length, sampled);
    for (let at = 0; at < head; at += 1) this.#number(text.charCodeAt(at));
    for (let at = Math.max(head, length - sampled); at < length; at += 1) this.#number(text.charCodeAt(at));
  }

  #number(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#b = Math.imul((this.#b << 5) + (this.#b >>> 2) + value, 0x85ebca6b);
  }
}
