import type { Answered, Conversation, PieceReader, ToolResult, ToolUse } from '../core/conversation.ts';
import type { Call } from '../core/dialect.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/outcome.ts';
import type { Agents } from './agents.ts';
import type { ClientNames } from './client-names.ts';
import type { Principals } from './principal.ts';
import type { Storms } from './storms.ts';
import type { Threads } from './threads.ts';
import type { ToolThreads } from './tool-threads.ts';

/** What all loop detection of a process shares. */
export interface LoopSurroundings {
  readonly agents: Agents;
  /** Tags callers. */
  readonly principals: Principals;
  readonly clients: ClientNames;
  readonly threads: Threads;
  readonly toolThreads: ToolThreads;
  readonly storms: Storms;
  readonly formats: LoopFormats;
}

/** What wire formats tell loop detection; undefined where they tell nothing. */
export interface LoopFormats {
  /** What a body tells of its conversation, or what the elements behind the offset `from` tell. */
  conversation(exchange: Exchange, call: Call, body: Uint8Array, from?: number): Conversation | undefined;
  /** Reads the answer, for a next request that only names it. */
  answer(exchange: Exchange, call: Call, reply: Reply): PieceReader<Answered> | undefined;
  /** Reads the text of an answer that is streamed. */
  text(exchange: Exchange, reply: Reply, onText: (text: string) => void): PieceReader<unknown> | undefined;
  /** The call of a tool that a request is. */
  toolCall(exchange: Exchange, call: Call, body: Uint8Array | undefined): ToolUse | undefined;
  /** Reads what came of it. */
  toolResult(exchange: Exchange, reply: Reply): PieceReader<ToolResult> | undefined;
}
