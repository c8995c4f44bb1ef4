/** A call of a tool that a model has asked for. */
export interface ToolCall {
  /** As the provider gave it; empty where the format has none. */
  readonly id: string;
  readonly tool: string;
  /** JSON text or the value itself, as the format carries it. */
  readonly arguments: unknown;
}

/** One step of a conversation, whatever its wire format. */
export type Turn =
  | { readonly kind: 'user'; readonly text: string }
  | { readonly kind: 'assistant'; readonly text: string; readonly calls: readonly ToolCall[] }
  /** What came of a call. `error` where the format itself says so. */
  | { readonly kind: 'result'; readonly call: string; readonly text: string; readonly error: boolean };

/** What the body of a request to a model tells of the conversation so far. */
export interface Conversation {
  /** System prompt and the like. */
  readonly instructions: string;
  /** Oldest first. */
  readonly turns: readonly Turn[];
  /** The model was given tools, or has called some: text in code blocks is no action then. */
  readonly hasTools: boolean;
  /** Names the state at the provider that the turns continue, where they are not the whole conversation. */
  readonly continues?: string;
  /** The next request may name the answer to this one in place of repeating it. */
  readonly continuable: boolean;
}

/** An answer that a later request may name in place of repeating it. */
export interface Answered {
  /** By which the next request names it; empty where it has none. */
  readonly id: string;
  readonly turn: Extract<Turn, { kind: 'assistant' }>;
}

/** Reads an answer from the bytes as they come. Never throws; bounded. */
export interface PieceReader<T> {
  push(chunk: Uint8Array): void | Promise<void>;
  /** Undefined where it cannot be read. */
  end(): T | undefined | Promise<T | undefined>;
}

/** A call of a tool by its own wire format, and not by a model's. */
export interface ToolUse {
  readonly tool: string;
  readonly arguments: unknown;
}

/** What came of a call of a tool. */
export interface ToolResult {
  readonly text: string;
  /** Where the format itself says so. */
  readonly error: boolean;
}
