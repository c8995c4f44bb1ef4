import type { Call } from '../core/dialect.ts';
import type { CallOutcome, Event } from '../core/event.ts';
import type { Agent } from '../core/exchange.ts';
import type { CallInfo, Journal } from '../core/journal.ts';
import type { CallTrace } from '../core/trace.ts';
import type { CallAccount } from '../core/usage.ts';

type Answered = Extract<Event, { kind: 'attempt-answered' }>;

/** What is known of one call while it lasts: who, where, and the ledger of its attempts. Every event of the call passes it. */
export class CallRecord implements CallInfo {
  readonly id: string;
  readonly agent: Agent;
  readonly route: string;
  readonly upstream: string;
  readonly method: string;
  readonly startedAt: number;
  account: CallAccount | undefined;
  readonly trace: CallTrace | undefined;
  answered: Answered | undefined;
  asked: Call | undefined;
  readonly note = (event: Event): void => this.#note(event);
  readonly #journal: Journal;
  readonly #session: string | undefined;
  #entries = '';
  #attempts = 0;
  /** Faults that were injected into the attempt under way, as a parameter of its entry. */
  #faults = '';
  /** How the prompt of the attempt under way was adjusted, as a parameter of its entry. */
  #adjustment = '';
  /** That the attempts go to a target of another wire format, as parameters of their entries. */
  #translated = '';
  #fellBack = false;
  #elsewhereMs = 0;
  #lastAttempt = 0;
  #over = false;

  constructor(facts: Omit<CallInfo, 'ledger'>, journal: Journal) {
    this.id = facts.id;
    this.agent = facts.agent;
    this.#session = facts.session;
    this.route = facts.route;
    this.upstream = facts.upstream;
    this.method = facts.method;
    this.startedAt = facts.startedAt;
    this.trace = facts.trace;
    this.#journal = journal;
  }

  get session(): string | undefined {
    return this.#session ?? this.asked?.session;
  }

  /** Attempts that were answered or failed so far; refusals by a breaker or a bulkhead are not among them. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Number of the latest attempt that was answered. */
  get lastAttempt(): number {
    return this.#lastAttempt;
  }

  /** Our own share of a call that has lasted `ms`: all but the attempts and the waits between them. */
  overheadMs(ms: number): number {
    return Math.max(0, ms - this.#elsewhereMs);
  }

  ledger(): string {
    return this.#entries;
  }

  /** What an `ok` answer counts as. */
  success(): CallOutcome {
    if (this.#fellBack) return 'fell-back';
    return this.#attempts > 1 ? 'retried' : 'ok';
  }

  #note(event: Event): void {
    // What comes behind the call's last event has nobody who waits for it.
    if (this.#over) return;
    this.#name(event);
    if (event.kind === 'attempt-answered') {
      if (event.verdict !== 'refused') this.#attempts += 1;
      this.#lastAttempt = event.attempt;
      this.#elsewhereMs += event.ms;
      this.#add(entryOf(event, this.#translated + this.#adjustment + this.#faults));
      this.#adjustment = '';
      this.#faults = '';
    } else if (event.kind === 'target-skipped') {
      this.#add(`${item(event.upstream, event.model)};skipped=${string(event.why)}`);
    } else if (event.kind === 'retry') {
      this.#elsewhereMs += event.waitMs;
    } else if (event.kind === 'fault-injected') {
      this.#faults = this.#faults === '' ? `;fault=${event.fault}` : `${this.#faults}+${event.fault}`;
    } else if (event.kind === 'prompt-adjusted') {
      this.#adjustment = `;adjust=${event.adjustment}`;
    } else if (event.kind === 'fallback') {
      this.#fellBack = true;
      this.#translated = '';
    } else if (event.kind === 'translated') {
      this.#translated = `;translated=${event.to}${event.maxTokens === undefined ? '' : `;max-tokens=${event.maxTokens}`}`;
    } else if (event.kind === 'call-ended') {
      this.#over = true;
    }
    this.#journal.publish(event, this);
  }

  /** An attempt at the route's own target says no model; it is the one that the agent asked for. Events are made for one telling. */
  #name(event: Event): void {
    if (event.kind === 'attempt-answered' || event.kind === 'attempt-ended') event.model ??= this.asked?.model;
  }

  #add(entry: string): void {
    this.#entries = this.#entries === '' ? entry : `${this.#entries}, ${entry}`;
  }
}

function entryOf({ upstream, model, verdict, phase, ms }: Answered, more: string): string {
  return `${item(upstream, model)};verdict=${verdict}${phase ? `;phase=${phase}` : ''};ms=${Math.round(ms)}${more}`;
}

/** A token where the names allow one (RFC 9651, 3.3.4), else a string. Model names come from the agent: anything may be in them. */
function item(upstream: string, model: string | undefined): string {
  const text = model === undefined ? upstream : `${upstream}/${model.slice(0, 64)}`;
  return /^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*$/.test(text) ? text : string(text);
}

function string(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}
