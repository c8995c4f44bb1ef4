import { hash } from 'node:crypto';
import type { Severity } from '../core/severity.ts';
import { factsOf, type RuleEvent } from './rule-events.ts';
import { type AlertsSettings, type RuleSettings, thresholdOf } from './settings.ts';

/** One step of the escalation. */
export interface Level {
  /** Since the first notice. */
  readonly afterMs: number;
  readonly send: readonly string[];
  readonly severity: Severity | undefined;
}

/** How an incident is told. An incident keeps the one that it began with, whatever becomes of the configuration. */
export interface Policy {
  /** Changes with anything in it. */
  readonly version: string;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly send: readonly string[];
  readonly ladder: readonly Level[];
}

/** A rule of the configuration, with its presets. */
export interface Rule {
  /** The same as long as what it is on, `above`, `for` and `minimum` stay. */
  readonly id: string;
  readonly on: RuleEvent;
  readonly above: number;
  readonly forMs: number;
  readonly minimum: number;
  readonly severity: Severity | undefined;
  readonly policy: Policy;
}

/** The rules of a configuration. */
export function rulesOf(settings: AlertsSettings): Rule[] {
  return withHook(settings).map((written) => {
    const facts = factsOf(written.on);
    const above = thresholdOf(written) ?? 0;
    const forMs = written.for ?? facts.forMs;
    const minimum = written.minimum ?? facts.minimum;
    return {
      id: `${written.on}-${digest([written.on, above, forMs, minimum])}`,
      on: written.on,
      above,
      forMs,
      minimum,
      severity: written.severity,
      policy: policyOf(settings, written),
    };
  });
}

/** Whoever lets Alertmanager post here wants to be told: without a rule on it, by the ladder, or else by every channel. */
function withHook({ rules, escalation, channels }: AlertsSettings): readonly RuleSettings[] {
  if (rules.some(({ on }) => on === 'alertmanager')) return rules;
  return [...rules, { on: 'alertmanager', send: escalation.length > 0 ? [] : Object.keys(channels) }];
}

function policyOf(settings: AlertsSettings, { send }: RuleSettings): Policy {
  const content = {
    groupWaitMs: settings.groupWait,
    groupIntervalMs: settings.groupInterval,
    repeatIntervalMs: settings.repeatInterval,
    send,
    ladder: settings.escalation.map(({ after, send: to, severity }) => ({ afterMs: after, send: to, severity })),
  };
  return { version: digest(content), ...content };
}

function digest(value: unknown): string {
  return hash('sha256', JSON.stringify(value)).slice(0, 8);
}
