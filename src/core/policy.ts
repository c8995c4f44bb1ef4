import type { Clock } from './clock.ts';
import type { Exchange, Handler } from './exchange.ts';
import type { Outcome } from './outcome.ts';
import type { State } from './state.ts';

/** One layer of a stack. `next` may be called zero, one or several times; nothing is sent to the agent before `run` resolves. */
export interface Policy {
  readonly name: string;
  run(exchange: Exchange, next: Handler): Promise<Outcome>;
  /** What it knows now, as JSON, for `/api/policies`. */
  inspect?(): unknown;
  /** Its last call has ended: frees what it holds outside the state registry. */
  close?(): void | Promise<void>;
}

/** What a policy is built with, beside its configuration. */
export interface PolicyContext {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly state: State;
}

/** Puts policies around a handler, the first outermost. */
export function stack(policies: readonly Policy[], last: Handler): Handler {
  return policies.reduceRight<Handler>((next, policy) => (exchange) => policy.run(exchange, next), last);
}
