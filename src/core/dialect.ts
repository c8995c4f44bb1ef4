import type { AnswerFacts } from './answer-facts.ts';
import type { ContentFacts } from './content.ts';
import type { ProxiedRequest, Target } from './exchange.ts';
import type { RawHeaders } from './headers.ts';
import type { Failure, Reply } from './outcome.ts';
import type { TunnelAnswer, TunnelWatcher } from './tunnel-watcher.ts';
import type { Usage } from './usage.ts';
import type { Verdict } from './verdict.ts';

export const dialectNames = ['openai', 'anthropic', 'gemini', 'ollama', 'mcp', 'http'] as const;
export type DialectName = (typeof dialectNames)[number];

/** Where something stands in a body, in bytes; `end` is just behind it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a request says about itself in its wire format. */
export interface Call {
  /** `llm`: a model generates; `tool`: a tool acts; `other`: anything else, such as a list of models. */
  kind: 'llm' | 'tool' | 'other';
  model?: string;
  /** Which interface of the format is called, where it has several that answer in different shapes. */
  api?: string;
  /** Whether the caller asked for a stream; undefined where the format does not say so in the request. */
  stream?: boolean;
  /** The call may be sent again although the upstream may have seen it. */
  repeatable: boolean;
  /** The call continues state that only this upstream has. */
  stateful: boolean;
  /** The same call gets the same answer, as far as the request says so: nothing in it is left to chance. */
  deterministic?: boolean;
  /** The id of a session that the caller's program has put into the body by itself. */
  session?: string;
  /** What the caller's program calls itself in the body. */
  client?: string;
  /** The list in the body that the conversation is in, brackets included. */
  history?: ByteRange;
  /** The tool that is called, where the call is of exactly one. */
  tool?: string;
  /** The answer lists tools and what they say of themselves. */
  listsTools?: boolean;
  /** What each answer to the call names it by, in the format's own notation; undefined where the format has no such ids. */
  ids?: readonly string[];
}

/** A tool as a list of tools shows it. */
export interface ListedTool {
  readonly name: string;
  /** By its own word it does no harm when it is called twice. */
  readonly repeatable: boolean;
}

/** The part of a request that a dialect is recognised by and described from. */
export interface RequestFacts {
  readonly method: string;
  readonly path: string;
  readonly headers: RawHeaders;
  /** Its body, once it is whole and kept: what tokens are estimated from where a provider reports none. */
  readonly body?: { readonly bytes: Uint8Array | undefined };
  /** What the request was described as, where somebody has asked for that. */
  readonly described?: Call | undefined;
}

/** Follows one answer from its head to its end, on a decoded copy of the bytes. */
export interface Watcher {
  /** Judged by the head alone; `more` if the body must be seen. */
  readonly head: Verdict | 'more';
  /** Sees a chunk. `more` until it can judge. Once it has judged, the value is its judgement so far. */
  push(chunk: Uint8Array): Verdict | 'more' | Promise<Verdict | 'more'>;
  /** How many meaningful chunks or events there were: content, not comments, keep-alives or start-up frames. */
  readonly meaningful: number;
  /** Start-up frames were seen: the upstream has begun to answer. */
  readonly started: boolean;
  /** The last word. `whole` tells whether the message ended as HTTP wants it. */
  end(whole: boolean): Judgement | Promise<Judgement>;
}

export interface Judgement {
  verdict: Verdict;
  /** The wait that an error asks for in its body, in milliseconds. */
  retryAfterMs?: number;
  /** The format's own end mark was seen, where it has one. */
  complete: boolean;
  usage?: Usage;
  /** Tokens that the provider has not reported, though it has certainly counted them. */
  estimated?: Usage;
  /** Of a broken answer: the agent has all of it, or can ask for the rest by itself, and must not be told that it failed. */
  resumable?: boolean;
}

/** Facts about a wire format. No behaviour: policies decide. */
export interface Dialect {
  readonly name: DialectName;
  /** Whether `describe` reads the body. */
  readonly readsBody: boolean;
  matches(request: RequestFacts): boolean;
  /** `body` is undefined where it is above the replay cap or broke off; the description is then what the head tells. */
  describe(request: RequestFacts, body: Uint8Array | undefined): Call;
  /** The same request for another model; undefined where that cannot be done exactly. */
  retarget(request: ProxiedRequest, target: Target): ProxiedRequest | undefined;
  /** `facts`: to be filled in with what the answer says of itself, where a model writes it. */
  watch(request: RequestFacts, status: number, headers: RawHeaders, facts?: AnswerFacts): Watcher;
  /** The request with a note to the model; undefined where the format has no place for one. */
  hint(request: ProxiedRequest, text: string): ProxiedRequest | undefined;
  /**
   * The request without this share of what can be left out of its middle: oldest results of tools first, then turns. The
   * first and the last message stay, and every call with its result. Undefined where there is nothing to leave out.
   */
  simplify?(request: ProxiedRequest, share: number): ProxiedRequest | undefined;
  /** Only for formats in which models write. */
  readonly content?: ContentFacts;
  /** A sentence in the caller's format, as if the model had said it; undefined where the format has no such thing. */
  speak(text: string, call: Call): Reply | undefined;
  /** Errors name the call that they answer, so `refuse` and `breakOff` are to be told what it was where that is known. */
  readonly namesCalls?: boolean;
  /** An error in the caller's format, with the code, the status and the message of the failure. */
  refuse(failure: Failure, call?: Call): Reply;
  /** What to append when a committed stream dies; undefined: just break the connection. */
  breakOff(failure: Pick<Failure, 'code' | 'message'>, call?: Call): Uint8Array | undefined;
  /** Whether an event stream that answers the request stands open, as one that answers a GET does. */
  standsOpen?(request: RequestFacts): boolean;
  /** Follows an answer that lists tools: `onTools` gets those of each message. Undefined where there is nothing to be read. */
  watchTools?(headers: RawHeaders, onTools: (tools: readonly ListedTool[]) => void): Watcher | undefined;
  /** Follows a tunnel, opened by a 101 with these headers: `tell` gets each answer at its end. Undefined where it cannot be read. */
  watchTunnel?(request: RequestFacts, headers: RawHeaders, tell: (answer: TunnelAnswer) => void): TunnelWatcher | undefined;
}
