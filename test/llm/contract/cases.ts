import type { Call, Dialect, RequestFacts, Watcher } from '../../../src/core/dialect.ts';
import type { RawHeaders } from '../../../src/core/headers.ts';
import type { Usage } from '../../../src/core/usage.ts';
import type { Verdict } from '../../../src/core/verdict.ts';

export const json: RawHeaders = ['Content-Type', 'application/json'];
export const sse: RawHeaders = ['Content-Type', 'text/event-stream; charset=utf-8'];
export const ndjson: RawHeaders = ['Content-Type', 'application/x-ndjson'];

export interface CallCase {
  /** Reads on from "the call …". */
  name: string;
  request?: Partial<RequestFacts>;
  body?: string;
  call: Call;
}

/** The head of an answer, and what was asked. */
export interface AnswerHead {
  request?: Partial<RequestFacts>;
  /** 200 unless said. */
  status?: number;
  /** JSON unless said. */
  headers?: RawHeaders;
}

export interface AnswerCase extends AnswerHead {
  /** Reads on from "the answer …". */
  name: string;
  body: string;
  verdict: Verdict;
  complete: boolean;
  usage?: Usage;
  /** The wait that an error asks for in its body. */
  retryAfterMs?: number;
  /** What the head alone says, where it matters. */
  head?: Verdict | 'more';
  /** Meaningful events, for streams. */
  meaningful?: number;
  /** How much of the body has come when it is judged; undefined: not before its end. */
  judgedAfter?: string;
  /** How much of the body has come when the upstream is first seen to have begun. */
  startedAfter?: string;
}

export interface RetargetCase {
  /** Reads on from "another model for a call …". */
  name: string;
  request?: Partial<RequestFacts>;
  body: string;
  model: string;
  /** What is different then, every other byte being the same; undefined: it cannot be done. */
  becomes: { path?: string; body?: string } | undefined;
}

export interface HintCase {
  /** Reads on from "a note in a call …". */
  name: string;
  request?: Partial<RequestFacts>;
  body: string;
  /** The note; it must stand in the changed body as JSON writes it. */
  text?: string;
  /** What the changed body means; undefined: there is no place for a note. */
  becomes: unknown;
}

/** The answer that a broken stream had so far. */
export interface BreakOffCase {
  request?: Partial<RequestFacts>;
  headers: RawHeaders;
  begun: string;
}

export interface DialectCases {
  dialect: Dialect;
  /** What is asked where a case says nothing else. */
  request: RequestFacts;
  calls: readonly CallCase[];
  answers: readonly AnswerCase[];
  /** Whether compressed streams are looked into, too; they are unless said. */
  decodes?: boolean;
  retargets?: readonly RetargetCase[];
  hints?: readonly HintCase[];
  /** Picks the code of an error of ours out of a parsed refusal. */
  codeOf: (refusal: unknown) => unknown;
  /** Streams that break and are told so in the format; undefined: it cannot. */
  breakOff: BreakOffCase | readonly BreakOffCase[] | undefined;
  /** Calls that can be answered by a sentence. */
  speaks: readonly Call[];
}

/** The dialect's watcher for an answer with this head. */
export function watchFor({ dialect, request }: DialectCases, { request: asked, status = 200, headers = json }: AnswerHead): Watcher {
  return dialect.watch({ ...request, ...asked }, status, headers);
}
