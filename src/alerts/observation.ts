import type { CallInfo } from '../core/journal.ts';
import type { Severity } from '../core/severity.ts';
import type { Fact } from './channel.ts';
import type { RuleEvent } from './rule-events.ts';

/** Something that rules may be on has begun, happened, or is over. Words in it may come from outside. */
export interface Observation {
  readonly on: RuleEvent;
  readonly upstream?: string | undefined;
  readonly agent?: string | undefined;
  /** Tells causes of one subject apart, such as the kind of a loop. */
  readonly fingerprint?: string;
  /** It is over. */
  readonly over?: boolean;
  /** Ends another thing of the same upstream, agent and fingerprint as well. */
  readonly ends?: RuleEvent;
  /** What happened, in a sentence. */
  readonly summary: string;
  readonly facts?: readonly Fact[];
  /** An example. Not kept. */
  readonly call?: CallInfo | undefined;
  /** Where the rule does not say. */
  readonly severity?: Severity;
}
