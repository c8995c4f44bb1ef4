import type { AnswerFacts } from '../core/answer-facts.ts';
import type { RequestFacts } from '../core/dialect.ts';
import type { Usage } from '../core/usage.ts';
import type { Verdict } from '../core/verdict.ts';
import type { JsonObject } from './json-object.ts';

/** What one event of a stream says about the answer that it is part of. */
export interface Sign {
  /** Carries something of the answer itself, not start-up and not keep-alive. */
  readonly meaningful: boolean;
  /** The answer broke down with this error. */
  readonly error?: Exclude<Verdict, 'ok'>;
  /** The answer is finished, but not as it should be: filtered, or a tool that failed. */
  readonly finish?: Exclude<Verdict, 'ok'>;
  /** The format's end mark. */
  readonly last?: boolean;
  /** Token counts so far: a later one replaces an earlier one of the same kind. */
  readonly usage?: Partial<Usage>;
}

/** A frame that says only that the answer has begun, or that the connection lives. */
export const startUp: Sign = { meaningful: false };
export const content: Sign = { meaningful: true };
/** An event that its format does not allow: the agent's client breaks at it. */
export const malformed: Sign = { meaningful: false, error: 'server-error' };

/** How answers look in a wire format: facts that the watchers go by. */
export interface AnswerFormat {
  /**
   * Reads one event. `settled`: content was seen already, so only what changes the judgement must be looked for, as
   * cheaply as can be. `data` may be only the beginning of an event above 1 MB. `facts`: to be filled in on the way.
   */
  readEvent(data: Buffer, name: string, settled: boolean, facts?: AnswerFacts): Sign;
  /** Reads an answer that is one JSON text, in a reply of status 2xx; of anything but an object, `{}`. */
  readWhole(answer: JsonObject, facts?: AnswerFacts): { verdict: Verdict; usage?: Usage };
  /** Reads an answer that is an array, by the objects in it; without it such an answer is `{}`. */
  readBatch?(answers: readonly JsonObject[]): { verdict: Verdict };
  /** Token counts from the last bytes of an answer that is too long to be parsed. */
  readTail(tail: Buffer): Usage | undefined;
  /** Whether a stream that ends without the end mark was cut. */
  readonly endMarked: boolean;
  /** Every event of a stream tells the tokens so far: those of the last one count where the stream breaks off, read by `readTail`. */
  readonly countsInEvery?: true;
  /** No model writes these answers: they cost no tokens. */
  readonly withoutTokens?: true;
  /** What comes as JSON is an array that grows event by event. */
  readonly growsAsArray?: true;
}

/** The request that an answer belongs to, as far as tokens are estimated from it. */
export type Asked = RequestFacts['body'];

/** The counts that are known, the others 0. */
export function fullUsage(known: Partial<Usage>): Usage {
  return { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, ...known };
}
