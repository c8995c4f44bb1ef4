import { randomUUID } from 'node:crypto';
import { matchesPattern } from '../settings/matches-pattern.ts';
import { type Incident, priority } from './incident.ts';
import { severityOf } from './priority.ts';
import type { AlertsSettings, Matcher } from './settings.ts';

/** What is not told for some time. Kept as JSON; times since the Unix epoch. */
export interface Silence {
  readonly id: string;
  readonly match: Matcher;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly comment: string;
  readonly by: string;
}

/** Silences by API that are kept at most. */
export const silencesLimit = 200;

/** A silence that a person asked for. */
export function newSilence(match: Matcher, fromMs: number, forMs: number, comment: string, by: string): Silence {
  return { id: `sil_${randomUUID().replaceAll('-', '').slice(0, 20)}`, match, fromMs, untilMs: fromMs + forMs, comment, by };
}

/** Those of the configuration. */
export function configuredSilences({ silences }: AlertsSettings): Silence[] {
  return silences.map(({ match, from, until, comment = '' }, index) => ({
    id: `config-${index}`,
    match,
    fromMs: from ?? 0,
    untilMs: until ?? Number.MAX_SAFE_INTEGER,
    comment,
    by: 'configuration',
  }));
}

/** The silence that holds an incident back now. */
export function silenceOf(incident: Incident, silences: Iterable<Silence>, nowMs: number): Silence | undefined {
  for (const silence of silences)
    if (silence.fromMs <= nowMs && nowMs < silence.untilMs && matches(silence.match, incident)) return silence;
  return undefined;
}

function matches({ on, upstream, agent, severity }: Matcher, incident: Incident): boolean {
  return (
    (on === undefined || matchesPattern(on, incident.on)) &&
    (upstream === undefined || matchesPattern(upstream, incident.upstream ?? '')) &&
    (agent === undefined || matchesPattern(agent, incident.agent ?? '')) &&
    (severity === undefined || severity === severityOf(priority(incident)))
  );
}
