/**
 * How a thing that rules are on begins and ends. `state`: it lasts until an event says that it is over. `notice`: it happens,
 * `minimum` times within `forMs` before it is told, and is over when it has not happened for a while. `level`: a number of a
 * sliding window of `forMs` is above the rule's `above`.
 */
interface RuleEventFacts {
  readonly shape: 'state' | 'notice' | 'level';
  readonly forMs: number;
  readonly minimum: number;
  /** What `above` is written as. */
  readonly above?: 'share' | 'duration' | 'dollars';
  /** What happened, as the title of an alert says it. */
  readonly title: string;
}

const minuteMs = 60_000;

/** Everything that rules may be on. Single failures are no alert: where one is nothing, the preset minimum is higher. */
export const ruleEvents = {
  'circuit-open': state('Circuit open'),
  'circuit-closed': notice('Circuit closed again', 1),
  'error-rate': level('Too many calls fail', 'share', 20),
  latency: level('Answers come late', 'duration', 20),
  cost: level('Tokens cost more than allowed', 'dollars', 1, 60 * minuteMs),
  'retry-budget-spent': notice('Retry budget spent', 10),
  'fallback-exhausted': notice('No fallback had an answer', 3),
  'quota-exhausted': notice('Quota of a provider exhausted', 1),
  'auth-failed': notice('Credential refused', 3),
  'bulkhead-full': notice('No place in the bulkhead', 10),
  'loop-detected': notice('Agent in a loop', 1),
  'cap-reached': notice('Agent has reached a cap', 1),
  'agent-paused': state('Agent paused'),
  'config-rejected': state('New configuration rejected'),
  'upstream-unreachable': notice('Upstream out of reach', 5),
  'stream-broken': notice('Streams break off', 5),
  health: state('Sidecar unwell'),
  'chaos-on': notice('Faults are being injected', 1),
  'alert-undelivered': notice('Alert not delivered', 1),
  alertmanager: state('Alert of Prometheus'),
} as const satisfies Record<string, RuleEventFacts>;

export type RuleEvent = keyof typeof ruleEvents;

/** What is known of a thing that rules may be on. */
export function factsOf(on: RuleEvent): RuleEventFacts {
  return ruleEvents[on];
}

function state(title: string) {
  return { shape: 'state', forMs: 0, minimum: 1, title } as const;
}

function notice(title: string, minimum: number) {
  return { shape: 'notice', forMs: minuteMs, minimum, title } as const;
}

function level<const Above extends NonNullable<RuleEventFacts['above']>>(title: string, above: Above, minimum: number, forMs = minuteMs) {
  return { shape: 'level', forMs, minimum, above, title } as const;
}
