import { severities } from '../core/severity.ts';
import { type Incident, priority } from './incident.ts';
import { severityOf } from './priority.ts';
import type { Level } from './rules.ts';

/** Whom an incident is for by now: the rule's channels, and those of the steps that it has come to. */
export function channelsOf(incident: Incident): string[] {
  const { policy, level } = incident;
  const steps = policy.ladder.filter((step, index) => (index < level || step.afterMs === 0) && concerns(step, incident));
  const all = new Set([...policy.send, ...steps.flatMap(({ send }) => send)]);
  // A channel that fails cannot tell so itself.
  if (incident.on === 'alert-undelivered') all.delete(incident.fingerprint);
  return [...all];
}

/** How many steps are taken with the first notice. */
export function firstSteps({ policy, level }: Incident): number {
  return Math.max(level, policy.ladder.filter(({ afterMs }) => afterMs === 0).length);
}

/** When the next step is due; never for one that was not told, is acknowledged or over, or is at the top. */
export function nextStepMs({ status, noticeMs, policy, level }: Incident): number {
  const step = policy.ladder[level];
  return status !== 'firing' || noticeMs === undefined || !step ? Number.POSITIVE_INFINITY : noticeMs + step.afterMs;
}

/** Whether a step is for an incident as bad as this one. */
export function concerns({ severity = 'low' }: Level, incident: Incident): boolean {
  return severities.indexOf(severityOf(priority(incident))) >= severities.indexOf(severity);
}

/** Channels that take over, in order, for what was sent to others: the rest of the rule's, then those of the ladder. */
export function takeOver({ policy, on, fingerprint }: Incident, addressed: readonly string[]): string[] {
  const all = new Set([...policy.send, ...policy.ladder.flatMap(({ send }) => send)]);
  if (on === 'alert-undelivered') all.delete(fingerprint);
  return [...all].filter((channel) => !addressed.includes(channel));
}
