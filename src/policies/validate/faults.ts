import type { ValidationResult } from '../../core/event.ts';
import type { Reply } from '../../core/outcome.ts';

/** What was wrong with the content of an answer. */
export interface Fault {
  readonly result: Extract<ValidationResult, 'empty' | 'cut' | 'json' | 'schema' | 'arguments'>;
  /** The tool whose arguments are at fault, as the answer calls it. */
  readonly tool?: string | undefined;
  /** What the schema has to say, with words of the answer in it. */
  readonly message?: string | undefined;
  /** The beginning of what was said. */
  readonly excerpt: string;
}

/** By what all replies that are derived from one answer share; gone with it. */
const faults = new WeakMap<object, Fault>();

/** Remembers the fault of an answer for whoever asks for a better one. */
export function rememberFault({ source }: Reply, fault: Fault): void {
  faults.set(source, fault);
}

/** What is known to be wrong with the content of an answer. */
export function faultOf({ source }: Reply): Fault | undefined {
  return faults.get(source);
}
