import type { ToolCall, Turn } from '../../core/conversation.ts';
import { roundsKept } from '../../settings/loop-detection.ts';
import { canonicalArguments } from './canonical-arguments.ts';
import { digest } from './digest.ts';
import { looksFailed } from './looks-failed.ts';
import { maskVolatile } from './mask-volatile.ts';
import type { Round } from './round.ts';
import { similarity } from './similarity.ts';
import { type TextAction, textAction, textResult } from './text-action.ts';
import { mutatesByName, pollsByName, waits } from './tool-names.ts';

/** From this share of common words on, two results resemble each other. */
const alikeFrom = 0.7;

/** What a route's settings say about tools. */
export interface ToolRules {
  readonly ignoredArguments: ReadonlySet<string>;
  readonly pollTools: ReadonlySet<string>;
  readonly exemptTools: ReadonlySet<string>;
}

/** What is kept of a conversation from one of its requests to the next. */
export interface RoundState {
  readonly rounds: readonly Round[];
  /** Of all rounds ever, those that are no longer kept included. */
  readonly count: number;
  /** The last result, masked, to compare the next one with. */
  readonly lastResult: string;
  /** Digest of what the user has said last. */
  readonly lastUser: string;
}

export const noRounds: RoundState = { rounds: [], count: 0, lastResult: '', lastUser: '' };

/**
 * Reads rounds out of the new turns of a conversation. New words of the user clear what was before them. Returns how many
 * turns are done with as well: calls without a result yet are to be read again with it.
 */
export function readRounds(
  before: RoundState,
  turns: readonly Turn[],
  hasTools: boolean,
  rules: ToolRules,
  atMs: number,
): RoundState & { consumed: number } {
  const reader = new RoundReader(before, rules, atMs);
  let consumed = 0;
  for (let at = 0; at < turns.length; at = consumed) {
    const turn = turns[at];
    if (turn?.kind !== 'assistant') {
      if (turn?.kind === 'user') reader.user(turn.text);
      consumed = at + 1;
      continue;
    }
    let end = at + 1;
    while (turns[end]?.kind === 'result') end += 1;
    const next = turns[end];
    if (turn.calls.length > 0) {
      if (end === at + 1 && next === undefined) break;
      reader.called(turn.calls, turns.slice(at + 1, end));
    } else {
      const action = hasTools ? undefined : textAction(turn.text);
      if (action && next === undefined) break;
      const answer = next?.kind === 'user' ? next.text : undefined;
      if (action && answer !== undefined) {
        reader.acted(action, textResult(answer));
        end += 1;
      } else reader.said(turn.text, answer);
    }
    consumed = end;
  }
  return { ...reader.state, consumed };
}

class RoundReader {
  #rounds: Round[];
  #count: number;
  #lastResult: string;
  #lastUser: string;
  readonly #rules: ToolRules;
  readonly #atMs: number;

  constructor(before: RoundState, rules: ToolRules, atMs: number) {
    this.#rounds = [...before.rounds];
    this.#count = before.count;
    this.#lastResult = before.lastResult;
    this.#lastUser = before.lastUser;
    this.#rules = rules;
    this.#atMs = atMs;
  }

  get state(): RoundState {
    return { rounds: this.#rounds, count: this.#count, lastResult: this.#lastResult, lastUser: this.#lastUser };
  }

  /** A harness that always says the same to go on is no person with something new to say. */
  user(text: string): void {
    const said = digest(text);
    if (said === this.#lastUser) return;
    this.#lastUser = said;
    this.#rounds = [];
    this.#lastResult = '';
  }

  called(calls: readonly ToolCall[], results: readonly Turn[]): void {
    const counted = calls.filter(({ tool }) => !this.#rules.exemptTools.has(tool));
    if (counted.length === 0) return;
    const tools = [...new Set(counted.map(({ tool }) => tool))].sort();
    // Equal calls side by side are one.
    const actions = [
      ...new Set(counted.map((call) => `${call.tool}\0${canonicalArguments(call.arguments, this.#rules.ignoredArguments)}`)),
    ];
    const told = results.filter((turn) => turn.kind === 'result');
    const text = maskVolatile(told.map(({ text }) => text).join('\n'));
    this.#push({
      tools: tools.join(),
      action: digest(actions.sort().join('\n')),
      text,
      error: told.some((turn) => turn.error || looksFailed(turn.text)),
      mutating: tools.some(mutatesByName),
      polling: tools.every((tool) => this.#rules.pollTools.has(tool) || pollsByName(tool)) || actions.some(waits),
    });
  }

  acted({ tool, input }: TextAction, result: string): void {
    const { ignoredArguments, pollTools, exemptTools } = this.#rules;
    if (exemptTools.has(tool)) return;
    this.#push({
      tools: tool,
      action: digest(`${tool}\0${canonicalArguments(input, ignoredArguments)}`),
      text: maskVolatile(result),
      error: looksFailed(result),
      mutating: mutatesByName(tool),
      polling: pollTools.has(tool) || pollsByName(tool) || waits(input),
    });
  }

  /** Words alone, which the user has not answered by anything new. */
  said(text: string, answer: string | undefined): void {
    if (answer !== undefined && digest(answer) !== this.#lastUser) return;
    this.#push({ tools: '', action: digest(maskVolatile(text)), text: '', error: false, mutating: false, polling: false });
  }

  #push({ text, ...seen }: Pick<Round, 'tools' | 'action' | 'error' | 'mutating' | 'polling'> & { text: string }): void {
    const last = this.#rounds.at(-1);
    const alike = last !== undefined && last.action === seen.action && similarity(this.#lastResult, text) >= alikeFrom;
    this.#rounds.push({ ...seen, index: this.#count, atMs: this.#atMs, result: digest(text), alike, empty: text === '' });
    if (this.#rounds.length > roundsKept) this.#rounds.shift();
    this.#count += 1;
    this.#lastResult = text;
  }
}
