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
}
