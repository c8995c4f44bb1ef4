import type { Severity } from '../core/severity.ts';

/** What a message tells: each change of an incident once, reminders, what was held back, or that the channel works. */
export type MessageKind = 'firing' | 'escalated' | 'reminder' | 'acknowledged' | 'resolved' | 'digest' | 'test';

/** One thing known of an incident. Values may come from models, tools and agents: data, never markup. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/**
 * One incident as a message shows it. Every text is capped and may hold words from outside, line breaks and markup too: a
 * channel escapes all of them.
 */
export interface Notice {
  /** Id of the incident, of `A-Za-z0-9_-`. */
  readonly incident: string;
  /** The same for every incident of one cause, such as PagerDuty's dedup_key; 64 hexadecimal digits. */
  readonly key: string;
  /** What the rule is on, such as `circuit-open`. */
  readonly on: string;
  readonly status: 'firing' | 'acknowledged' | 'resolved';
  readonly severity: Severity;
  /** From 0 to 100. */
  readonly priority: number;
  /** At most 150 characters. */
  readonly title: string;
  /** At most 1,024 characters. */
  readonly summary: string;
  /** Milliseconds since the Unix epoch, as all times here. */
  readonly sinceMs: number;
  /** When it was resolved. */
  readonly untilMs?: number;
  /** Who acknowledged or resolved it. */
  readonly by?: string;
  /** Events that fed it so far. */
  readonly count: number;
  /** Evidence: upstream, agent, an example call, its ledger. At most 12, values of at most 500 characters. */
  readonly facts: readonly Fact[];
  /** What the sidecar has done so far, a sentence each. */
  readonly done: readonly string[];
  /** What a person should do, from the runbook. At most 1,000 characters. */
  readonly advice: string;
  /** Where a person sees and acknowledges it; left out where nobody said how the admin port is reached. */
  readonly links: { readonly incident?: string; readonly acknowledge?: string; readonly resolve?: string; readonly resume?: string };
}

/** What a channel is given to send. */
export interface Message {
  /** The same at every delivery of this message to whichever channel: receivers drop duplicates by it. Of `A-Za-z0-9_-`. */
  readonly id: string;
  readonly kind: MessageKind;
  /** The same for all messages about one group of incidents: for threads. */
  readonly thread: string;
  /** When it was decided to send it. */
  readonly atMs: number;
  /** Step of the escalation, from 0. */
  readonly level: number;
  /** At most 20, most important first; empty in a test. */
  readonly notices: readonly Notice[];
  /** Further incidents that are not listed. */
  readonly more: number;
}

/** What became of one attempt to send. `reason` is for logs and people, at most 500 characters of it are kept. */
export type Delivery =
  | { readonly result: 'delivered'; readonly said: string }
  /** May work later: 429, 451, 5xx, timeout, no connection. Not before `retryAfterMs`, where the other side said so. */
  | { readonly result: 'later'; readonly reason: string; readonly retryAfterMs?: number }
  /** Will never work: the channel is gone, or takes no such message. */
  | { readonly result: 'refused'; readonly reason: string };

/** A way to reach people: sends one message at a time. */
export interface Channel {
  /** How long sending one message may take; 5 s where it does not say. */
  readonly timeoutMs?: number;
  /**
   * Sends over the network. Should end by itself within that time; at `signal`'s abort it must let go. Every outcome is a value; one
   * that throws counts as `later`. The same message may come again, also after a restart.
   */
  send(message: Message, signal: AbortSignal): Promise<Delivery>;
  /** Lets connections go. */
  close?(): void | Promise<void>;
}
