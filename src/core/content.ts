import type { RequestFacts } from './dialect.ts';
import type { RawHeaders } from './headers.ts';

/** What a request asks the content of its answer to be. */
export interface Demand {
  /** The text has to be JSON. */
  readonly json: boolean;
  /** The JSON Schema that the text has to match; undefined for none. */
  readonly schema: unknown;
  /** The JSON Schemas of the arguments of tools, by the tool's name; undefined values for tools without one. */
  readonly tools: ReadonlyMap<string, unknown>;
}

/** A call of one of the caller's tools. */
export interface SaidCall {
  readonly tool: string;
  /** The value; undefined where it is not JSON. */
  readonly arguments: unknown;
}

/** One of the answers that a model has given to a call; nearly always there is only one. */
export interface SaidChoice {
  /** What was said in the end, without thoughts. */
  readonly text: string;
  readonly calls: readonly SaidCall[];
  /** There is something beside text and calls, such as a refusal, an image or the work of a tool of the provider's. */
  readonly other: boolean;
  /** The limit of tokens has ended it. */
  readonly cut: boolean;
}

/** Reads what an answer says, from the bytes as they come. Never throws; bounded. */
export interface AnswerReader {
  push(chunk: Uint8Array): void | Promise<void>;
  /** Something was said already. Known before the end for streams only. */
  readonly begun: boolean;
  /** All that was said; undefined where it cannot be read. */
  end(): readonly SaidChoice[] | undefined | Promise<readonly SaidChoice[] | undefined>;
}

/** What is asked of answers and what they say, in a wire format in which models write. */
export interface ContentFacts {
  /** Undefined where the call asks no model to write. Without a body, nothing is known to be asked for. */
  demand(request: RequestFacts, body: Uint8Array | undefined): Demand | undefined;
  /** For an answer of status 2xx to a call that has a demand; undefined where its body cannot be looked into. */
  reader(request: RequestFacts, headers: RawHeaders): AnswerReader | undefined;
}
