import { LRUCache } from 'lru-cache';
import type { CallOutcome, Event } from '../core/event.ts';
import type { CallInfo } from '../core/journal.ts';
import type { Observation } from './observation.ts';
import { RateWindow } from './rate-window.ts';
import type { Rule } from './rules.ts';

/** What agents got no answer for. A person who hung up, and an agent that is paused, say nothing of an upstream. */
const failed: ReadonlySet<CallOutcome> = new Set(['upstream-error', 'timeout', 'refused']);
const noSign: ReadonlySet<CallOutcome> = new Set(['cancelled', 'paused']);

/** Share of the calls that may be slower than a rule on latency says. */
const slowShare = 0.05;
const subjectsLimit = 1000;
/** Windows are looked at as often as their buckets change, and no less often than that. */
const lookMs = 5000;

type Ended = Extract<Event, { kind: 'call-ended' }>;
type Committed = Extract<Event, { kind: 'committed' }>;

interface LevelRule {
  readonly rule: Rule;
  /** By upstream; for costs, by agent. */
  readonly windows: LRUCache<string, RateWindow>;
}

/** Something whose number is above its rule's. */
export interface Breach {
  readonly rule: Rule;
  readonly observation: Observation;
}

/** Rules on numbers of a sliding window. A call adds to a few counters; the windows are looked at now and then. */
export class LevelRules {
  readonly #byRule: readonly LevelRule[];
  readonly #onCalls: readonly LevelRule[];
  readonly #onHeads: readonly LevelRule[];
  /** Milliseconds between two looks. */
  readonly lookMs: number;

  /** Windows of rules that are as they were `before` go on. */
  constructor(rules: readonly Rule[], before?: LevelRules) {
    this.#byRule = rules
      .filter(({ on }) => on === 'error-rate' || on === 'latency' || on === 'cost')
      .map((rule) => ({ rule, windows: before?.windowsOf(rule.id) ?? new LRUCache({ max: subjectsLimit }) }));
    this.#onCalls = this.#byRule.filter(({ rule }) => rule.on !== 'latency');
    this.#onHeads = this.#byRule.filter(({ rule }) => rule.on === 'latency');
    this.lookMs = Math.min(lookMs, ...this.#byRule.map(({ rule }) => Math.max(rule.forMs / 12, 100)));
  }

  windowsOf(id: string): LRUCache<string, RateWindow> | undefined {
    return this.#byRule.find(({ rule }) => rule.id === id)?.windows;
  }

  ended(event: Ended, call: CallInfo, nowMs: number): void {
    for (const { rule, windows } of this.#onCalls) {
      if (rule.on === 'cost') {
        const costUsd = event.spent?.costUsd;
        if (costUsd !== undefined) windowIn(windows, call.agent.name, rule).add(nowMs, 1, costUsd);
      } else if (!noSign.has(event.outcome)) windowIn(windows, call.upstream, rule).add(nowMs, 1, failed.has(event.outcome) ? 1 : 0);
    }
  }

  committed(event: Committed, call: CallInfo, nowMs: number): void {
    for (const { rule, windows } of this.#onHeads) windowIn(windows, call.upstream, rule).add(nowMs, 1, event.ms > rule.above ? 1 : 0);
  }

  /** Whether there is anything to look at. */
  get isActive(): boolean {
    return this.#byRule.some(({ windows }) => windows.size > 0);
  }

  /** What is above now. */
  look(nowMs: number): Breach[] {
    const breaches: Breach[] = [];
    for (const { rule, windows } of this.#byRule) {
      for (const [subject, window] of [...windows.entries()]) {
        const { all, marked } = window.read(nowMs);
        if (all === 0) windows.delete(subject);
        else if (all >= rule.minimum && isAbove(rule, all, marked))
          breaches.push({ rule, observation: observationOf(rule, subject, all, marked) });
      }
    }
    return breaches;
  }
}

function windowIn(windows: LRUCache<string, RateWindow>, subject: string, rule: Rule): RateWindow {
  const known = windows.get(subject);
  if (known) return known;
  const window = new RateWindow(rule.forMs);
  windows.set(subject, window);
  return window;
}

function isAbove({ on, above }: Rule, all: number, marked: number): boolean {
  if (on === 'cost') return marked > above;
  return marked / all > (on === 'latency' ? slowShare : above);
}

function observationOf({ on, above, forMs }: Rule, subject: string, all: number, marked: number): Observation {
  const span = `in ${Math.round(forMs / 1000)} s`;
  if (on === 'cost') {
    const facts = [{ name: 'spent', value: `$${marked.toFixed(2)} ${span}` }];
    return { on, agent: subject, summary: `the agent spent $${marked.toFixed(2)} ${span}, above $${above}`, facts };
  }
  const percent = `${((marked / all) * 100).toFixed(1)}%`;
  const facts = [
    { name: 'calls', value: `${all} ${span}` },
    { name: on === 'latency' ? 'slower' : 'failed', value: `${marked} (${percent})` },
  ];
  if (on === 'latency')
    return { on, upstream: subject, summary: `${percent} of ${all} calls waited longer than ${above} ms for the head`, facts };
  return { on, upstream: subject, summary: `${percent} of ${all} calls failed ${span}, above ${above * 100}%`, facts };
}
