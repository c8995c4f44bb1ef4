import type { Conversation, ToolCall, Turn } from '../../core/conversation.ts';
import { isMarkedNote } from '../note.ts';

/** Collects the turns of a conversation in their order. */
export class TurnList {
  readonly #turns: Turn[] = [];
  #instructions = '';
  #hasTools: boolean;

  /** `tools` is what the request offers to the model. */
  constructor(tools: unknown) {
    this.#hasTools = Array.isArray(tools) && tools.length > 0;
  }

  instruct(text: string): void {
    if (text !== '') this.#instructions += this.#instructions === '' ? text : `\n${text}`;
  }

  /** A note of a proxy's is no word of the user's. */
  user(text: string): void {
    if (text !== '' && !isMarkedNote(text)) this.#turns.push({ kind: 'user', text });
  }

  /** What the model said and asked for; what it said in several parts becomes one turn. */
  assistant(text: string, calls: readonly ToolCall[]): void {
    if (calls.length > 0) this.#hasTools = true;
    const last = this.#turns.at(-1);
    if (last?.kind !== 'assistant') {
      this.#turns.push({ kind: 'assistant', text, calls });
      return;
    }
    // Two answers in words are two turns; words and the calls that go with them are one.
    if (calls.length === 0 && last.calls.length === 0) this.#turns.push({ kind: 'assistant', text, calls });
    else {
      const words = last.text && text ? `${last.text}\n${text}` : last.text || text;
      this.#turns[this.#turns.length - 1] = { kind: 'assistant', text: words, calls: [...last.calls, ...calls] };
    }
  }

  result(call: string, text: string, error: boolean): void {
    this.#turns.push({ kind: 'result', call, text, error });
  }

  /** Whether the model has said anything in what the request holds. */
  get answered(): boolean {
    return this.#turns.some(({ kind }) => kind === 'assistant');
  }

  /** What the model has said, as one turn. */
  answer(): Extract<Turn, { kind: 'assistant' }> {
    const said = this.#turns.filter((turn) => turn.kind === 'assistant');
    return {
      kind: 'assistant',
      text: said
        .map(({ text }) => text)
        .filter(Boolean)
        .join('\n'),
      calls: said.flatMap(({ calls }) => calls),
    };
  }

  conversation(continues?: string, continuable = false): Conversation {
    return {
      instructions: this.#instructions,
      turns: this.#turns,
      hasTools: this.#hasTools,
      continuable,
      ...(continues !== undefined && { continues }),
    };
  }
}
