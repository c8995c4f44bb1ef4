import type { Event } from '../../core/event.ts';
import { type Exchange, withChanges } from '../../core/exchange.ts';

/** A call whose events are looked at on their way: whether something else was asked than what the agent asked. */
export class FollowedCall {
  /** To be handed on in place of the call's own. */
  readonly exchange: Exchange;
  readonly #own: Exchange;
  #moved = false;

  constructor(exchange: Exchange) {
    this.#own = exchange;
    this.exchange = withChanges(exchange, { note: (event) => this.#note(event) });
  }

  /** Another target was tried, or the prompt was changed: the answer may be one to another question. */
  get moved(): boolean {
    return this.#moved;
  }

  #note(event: Event): void {
    const { target } = this.#own;
    if (event.kind === 'attempt-started') this.#moved ||= event.upstream !== target.upstream || event.model !== target.model;
    else if (event.kind === 'prompt-adjusted') this.#moved = true;
    this.#own.note(event);
  }
}
