import type { Round } from '../../src/agents/loops/round.ts';
import { noRounds, type RoundState, readRounds, type ToolRules } from '../../src/agents/loops/round-reader.ts';
import type { Conversation, ToolCall, Turn } from '../../src/core/conversation.ts';

export const rules = (more: Partial<Record<keyof ToolRules, string[]>> = {}): ToolRules => ({
  ignoredArguments: new Set(more.ignoredArguments),
  pollTools: new Set(more.pollTools),
  exemptTools: new Set(more.exemptTools),
});

export const user = (text: string): Turn => ({ kind: 'user', text });
export const says = (text: string, ...calls: ToolCall[]): Turn => ({ kind: 'assistant', text, calls });

/** A call and its result. */
export function round(id: string, action: string, result: string, tool = 'shell'): Turn[] {
  return [says('', { id, tool, arguments: { command: action } }), { kind: 'result', call: id, text: result, error: false }];
}

export const conversation = (turns: readonly Turn[], more: Partial<Conversation> = {}): Conversation => ({
  ...{ instructions: 'be good', hasTools: true, continuable: false },
  turns,
  ...more,
});

/** Rounds as they are read from turns. */
export function read(turns: readonly Turn[], more: Parameters<typeof rules>[0] = {}, before: RoundState = noRounds) {
  return readRounds(before, turns, true, rules(more), 0);
}

/** Rounds whose action and result are named by letters: `aX` is the action a with the result X. */
export function rounds(names: readonly string[], more: Partial<Round> = {}): Round[] {
  return names.map((name, index) => ({
    ...{ index, atMs: index, tools: 'shell', action: name[0]!, result: name.slice(1), alike: false },
    ...{ empty: false, error: false, mutating: false, polling: false },
    ...more,
  }));
}
