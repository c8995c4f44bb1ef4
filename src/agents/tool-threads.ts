import { LRUCache } from 'lru-cache';
import type { ToolResult, ToolUse, Turn } from '../core/conversation.ts';
import { canonicalArguments } from './loops/canonical-arguments.ts';
import { digest } from './loops/digest.ts';
import { noRounds, type RoundState, readRounds, type ToolRules } from './loops/round-reader.ts';
import { createSession, type Session } from './loops/session.ts';

/** The calls of tools that one agent makes in one session. */
export interface ToolThread {
  state: RoundState;
  readonly session: Session;
  /** Calls that are under way, by what they do. */
  readonly underWay: Map<string, number>;
}

/** A call while it is under way. */
export interface ToolCallUnderWay {
  readonly thread: ToolThread;
  readonly action: string;
  /** The same was under way already: both are one. */
  readonly twin: boolean;
}

/** Follows the calls that agents make of tools themselves, for the last `maximum` sessions. */
export class ToolThreads {
  readonly #threads: LRUCache<string, ToolThread>;

  constructor(maximum: number) {
    this.#threads = new LRUCache({ max: maximum });
  }

  /** A call begins; `name` names its agent and session. */
  begin(name: string, use: ToolUse, rules: ToolRules, nowMs: number): ToolCallUnderWay {
    let thread = this.#threads.get(name);
    if (!thread) {
      thread = { state: noRounds, session: createSession(nowMs), underWay: new Map() };
      this.#threads.set(name, thread);
    }
    const action = digest(`${use.tool}\0${canonicalArguments(use.arguments, rules.ignoredArguments)}`);
    const others = thread.underWay.get(action) ?? 0;
    thread.underWay.set(action, others + 1);
    return { thread, action, twin: others > 0 };
  }

  /** It has ended; without a result it is as if it had not been made. Tells whether there is a new round to be judged. */
  end({ thread, action, twin }: ToolCallUnderWay, use: ToolUse, result: ToolResult | undefined, rules: ToolRules, nowMs: number): boolean {
    const left = (thread.underWay.get(action) ?? 1) - 1;
    if (left === 0) thread.underWay.delete(action);
    else thread.underWay.set(action, left);
    if (!result || twin) return false;
    const turns: readonly Turn[] = [
      { kind: 'assistant', text: '', calls: [{ id: '', tool: use.tool, arguments: use.arguments }] },
      { kind: 'result', call: '', ...result },
    ];
    const { consumed: _, ...state } = readRounds(thread.state, turns, true, rules, nowMs);
    const added = state.count - thread.state.count;
    thread.state = state;
    thread.session.rounds += added;
    return added > 0;
  }
}
