import { Bursts } from './bursts.ts';
import { exampleFacts } from './example-facts.ts';
import { feed, type Incident, keyOf, openIncident, quietUntil, reopen, resolve } from './incident.ts';
import { type IncidentBook, reopenMs } from './incident-book.ts';
import type { Observation } from './observation.ts';
import { stepLimit } from './pace.ts';
import { factsOf, type RuleEvent } from './rule-events.ts';
import type { Rule } from './rules.ts';

/** What has become of an incident; `fed` where nothing has but its count. */
export type Change = 'opened' | 'reopened' | 'resolved' | 'fed';

interface Delayed {
  readonly rule: Rule;
  /** Without its call. */
  readonly observation: Observation;
  readonly dueMs: number;
}

/** A state that lasts shorter than its rule says is not kept in mind beyond so many. */
const delayedLimit = 1000;
/** What happens now and then is over when it has not happened for so long. */
const quietMs = 300_000;
const bySidecar = 'sidecar';

/** Makes incidents of observations, by the rules in force. */
export class Intake {
  readonly #book: IncidentBook;
  readonly #changed: (incident: Incident, change: Change) => void;
  /** Asks to be called within so many milliseconds. */
  readonly #wake: (delayMs: number) => void;
  readonly #bursts = new Bursts();
  readonly #delayed = new Map<string, Delayed>();
  #rules: ReadonlyMap<RuleEvent, readonly Rule[]> = new Map();
  /** Observations that opened nothing, because too much is open. */
  overflowed = 0;

  constructor(book: IncidentBook, changed: (incident: Incident, change: Change) => void, wake: (delayMs: number) => void) {
    this.#book = book;
    this.#changed = changed;
    this.#wake = wake;
  }

  configure(rules: readonly Rule[]): void {
    this.#rules = Map.groupBy(rules, ({ on }) => on);
    this.#delayed.clear();
  }

  observe(observation: Observation, nowMs: number): void {
    if (observation.ends) this.#end(observation.ends, observation, nowMs);
    if (observation.over) this.#end(observation.on, observation, nowMs);
    else for (const rule of this.#rules.get(observation.on) ?? []) this.apply(rule, observation, nowMs);
  }

  /** One observation held against one rule. */
  apply(rule: Rule, observation: Observation, nowMs: number): void {
    const key = keyOf(rule, observation);
    const known = this.#book.latest(key);
    if (known && known.status !== 'resolved') {
      feed(known, observation, undefined, nowMs);
      // One of an earlier process may have been given a time after which it is over.
      known.quietMs = quietOf(rule);
      this.#book.touchLater(known);
      this.#changed(known, 'fed');
      return;
    }
    const { shape } = factsOf(rule.on);
    if (shape === 'notice' && !this.#bursts.hit(key, rule.minimum, rule.forMs, nowMs)) return;
    if (shape === 'state' && rule.forMs > 0) this.#delay(key, rule, observation, nowMs);
    else this.#begin(rule, observation, known, nowMs);
  }

  /** When there is something to do by itself. */
  nextMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#delayed.values()) next = Math.min(next, dueMs);
    for (const incident of this.#book.open()) next = Math.min(next, quietUntil(incident));
    return next;
  }

  /** Opens what has lasted long enough, and resolves what has been quiet for long enough. */
  tick(nowMs: number): void {
    for (const [key, { rule, observation, dueMs }] of this.#delayed) {
      if (dueMs > nowMs) continue;
      this.#delayed.delete(key);
      this.#begin(rule, observation, this.#book.latest(key), nowMs);
    }
    let left = stepLimit;
    for (const incident of this.#book.open()) {
      if (quietUntil(incident) > nowMs) continue;
      if (left-- <= 0) return;
      this.#resolve(incident, 'it has not happened again', nowMs);
    }
  }

  #begin(rule: Rule, observation: Observation, known: Incident | undefined, nowMs: number): void {
    const isRecent = known?.resolvedMs !== undefined && nowMs - known.resolvedMs < reopenMs;
    if (this.#book.isFull) {
      this.overflowed += 1;
      return;
    }
    const incident = known && isRecent ? known : openIncident(rule, observation, quietOf(rule), nowMs);
    if (incident === known) {
      reopen(incident, rule, observation, nowMs);
      incident.quietMs = quietOf(rule);
    }
    feed(incident, observation, exampleFacts(observation), nowMs);
    this.#book.add(incident);
    this.#book.touchLater(incident);
    this.#changed(incident, incident === known ? 'reopened' : 'opened');
  }

  #delay(key: string, rule: Rule, { call, ...rest }: Observation, nowMs: number): void {
    if (this.#delayed.has(key) || this.#delayed.size >= delayedLimit) return;
    this.#delayed.set(key, { rule, observation: { ...rest, facts: exampleFacts({ ...rest, call }) }, dueMs: nowMs + rule.forMs });
    this.#wake(rule.forMs);
  }

  /** Ends it under whichever rule it began. */
  #end(on: RuleEvent, { upstream, agent, fingerprint = '', summary }: Observation, nowMs: number): void {
    for (const rule of this.#rules.get(on) ?? []) {
      const key = keyOf(rule, { on, upstream, agent, fingerprint, summary });
      this.#delayed.delete(key);
    }
    for (const incident of [...this.#book.openAbout({ on, upstream, agent, fingerprint })]) this.#resolve(incident, summary, nowMs);
  }

  #resolve(incident: Incident, why: string, nowMs: number): void {
    if (!resolve(incident, bySidecar, why, nowMs)) return;
    this.#book.refile(incident);
    this.#book.touchLater(incident);
    this.#changed(incident, 'resolved');
  }
}

/** How long it must be quiet to be over; 0 where an event says so. */
function quietOf({ on, forMs }: Rule): number {
  const { shape } = factsOf(on);
  if (shape === 'state') return 0;
  return shape === 'level' ? Math.max(60_000, Math.min(forMs, quietMs)) : quietMs;
}
