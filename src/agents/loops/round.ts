/** A model's answer and the results it led to, reduced to what detectors compare. */
export interface Round {
  /** Counts the rounds of a conversation from 0. */
  readonly index: number;
  /** On the clock's scale, in milliseconds: when it was first seen. */
  readonly atMs: number;
  /** The tools, joined by commas; empty for an answer in words. */
  readonly tools: string;
  /** Digest of the tools with their arguments; of the text, for an answer in words. */
  readonly action: string;
  /** Digest of the results with what is volatile in them masked. */
  readonly result: string;
  /** The results resemble those of the round before. */
  readonly alike: boolean;
  /** The results have no text. */
  readonly empty: boolean;
  readonly error: boolean;
  /** A tool has, by its name, changed something. */
  readonly mutating: boolean;
  /** The tool is there to be asked again and again. */
  readonly polling: boolean;
}
