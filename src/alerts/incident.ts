import { hash, randomUUID } from 'node:crypto';
import type { Severity } from '../core/severity.ts';
import { cut } from './caps.ts';
import type { Fact } from './channel.ts';
import type { Observation } from './observation.ts';
import { priorityOf } from './priority.ts';
import type { RuleEvent } from './rule-events.ts';
import type { Policy, Rule } from './rules.ts';

/** What people and the sidecar did, or what happened, in the course of an incident. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly what:
    | 'opened'
    | 'reopened'
    | 'told'
    | 'escalated'
    | 'reminded'
    | 'acknowledged'
    | 'resolved'
    | 'silenced'
    | 'undelivered'
    | 'event';
  readonly detail: string;
}

/** One thing that is wrong, from its first event to its end. Plain data: it is kept as JSON. Times since the Unix epoch. */
export interface Incident {
  readonly id: string;
  /** The same for every incident of one rule, upstream, agent and fingerprint. */
  readonly key: string;
  /** Incidents of one group are told together. */
  readonly group: string;
  readonly on: RuleEvent;
  readonly upstream?: string | undefined;
  readonly agent?: string | undefined;
  readonly fingerprint: string;
  policy: Policy;
  status: 'firing' | 'acknowledged' | 'resolved';
  severity: Severity;
  openedMs: number;
  lastSeenMs: number;
  resolvedMs?: number;
  acknowledgedMs?: number;
  /** Who acknowledged or resolved it; `sidecar` where nobody did. */
  by?: string;
  /** Resolved once it has not been seen for so long; 0: an event says when it is over. */
  quietMs: number;
  count: number;
  reopened: number;
  failedRecoveries: number;
  /** At most 50. */
  agents: string[];
  summary: string;
  facts: readonly Fact[];
  /** The last 100. */
  timeline: TimelineEntry[];
  /** What the sidecar did for its upstream since it began, by kind. */
  did: Record<string, number>;
  /** What the next message about its group must tell. */
  pending?: 'firing' | 'resolved' | undefined;
  /** Time of its first notice, which the escalation counts from. */
  noticeMs?: number | undefined;
  /** Time of the last notice or reminder. */
  lastToldMs?: number | undefined;
  /** Steps of the ladder that have been taken. */
  level: number;
  /** Channels that take it for firing, because they were told so. */
  told: string[];
  /** A silence or another incident holds it back. */
  held?: string | undefined;
}

const timelineLimit = 100;
const agentsLimit = 50;
/** Longest time that an incident which comes and goes must be quiet for. */
const quietLimitMs = 3_600_000;

export function keyOf(rule: Rule, { upstream = '', agent = '', fingerprint = '' }: Observation): string {
  return hash('sha256', JSON.stringify([rule.id, upstream, agent, fingerprint]));
}

/** Messages are about one rule and one upstream. */
function groupOf(rule: Rule, { upstream = '' }: Observation): string {
  return hash('sha256', JSON.stringify([rule.id, upstream])).slice(0, 16);
}

/** A new incident: firing, and nobody knows of it. */
export function openIncident(rule: Rule, observation: Observation, quietMs: number, atMs: number): Incident {
  const incident: Incident = {
    id: `inc_${randomUUID().replaceAll('-', '').slice(0, 20)}`,
    key: keyOf(rule, observation),
    group: groupOf(rule, observation),
    on: rule.on,
    upstream: observation.upstream,
    agent: observation.agent,
    fingerprint: observation.fingerprint ?? '',
    policy: rule.policy,
    status: 'firing',
    severity: rule.severity ?? observation.severity ?? 'medium',
    openedMs: atMs,
    lastSeenMs: atMs,
    quietMs,
    count: 0,
    reopened: 0,
    failedRecoveries: 0,
    agents: [],
    summary: '',
    facts: [],
    timeline: [],
    did: {},
    pending: 'firing',
    level: 0,
    told: [],
  };
  note(incident, atMs, 'opened', cut(observation.summary, 300));
  return incident;
}

/** The same thing again within a short time: the same incident, firing anew. What an acknowledgement was about is past. */
export function reopen(incident: Incident, rule: Rule, observation: Observation, atMs: number): void {
  incident.pending = 'firing';
  incident.status = 'firing';
  incident.policy = rule.policy;
  incident.reopened += 1;
  delete incident.resolvedMs;
  delete incident.acknowledgedMs;
  delete incident.by;
  note(incident, atMs, 'reopened', cut(observation.summary, 300));
}

/** Takes in one more event. */
export function feed(incident: Incident, { summary, agent, call }: Observation, facts: readonly Fact[] | undefined, atMs: number): void {
  incident.count += 1;
  incident.lastSeenMs = atMs;
  const hit = agent ?? call?.agent.name;
  if (hit !== undefined && incident.agents.length < agentsLimit && !incident.agents.includes(hit)) incident.agents.push(hit);
  if (facts) {
    incident.summary = summary;
    incident.facts = facts;
  }
}

/** Stops the escalation. Does nothing to one that is over or acknowledged already, and says so. */
export function acknowledge(incident: Incident, by: string, atMs: number): boolean {
  if (incident.status !== 'firing') return false;
  incident.status = 'acknowledged';
  incident.acknowledgedMs = atMs;
  incident.by = by;
  // Whoever acknowledged it knows of it.
  if (incident.pending === 'firing') incident.pending = undefined;
  note(incident, atMs, 'acknowledged', by);
  return true;
}

/** Ends an incident. Does nothing to one that has ended. */
export function resolve(incident: Incident, by: string, why: string, atMs: number): boolean {
  if (incident.status === 'resolved') return false;
  incident.status = 'resolved';
  incident.resolvedMs = atMs;
  incident.by = by;
  incident.pending = 'resolved';
  note(incident, atMs, 'resolved', cut(why, 300));
  return true;
}

/** One that keeps coming back must be quiet for longer each time. */
export function quietUntil({ quietMs, reopened, lastSeenMs }: Incident): number {
  return quietMs === 0 ? Number.POSITIVE_INFINITY : lastSeenMs + Math.min(quietMs * 2 ** reopened, Math.max(quietLimitMs, quietMs));
}

export function priority({ severity, agents, reopened, failedRecoveries }: Incident): number {
  return priorityOf({ severity, agents: agents.length, reopened, failedRecoveries });
}

export function note({ timeline }: Incident, atMs: number, what: TimelineEntry['what'], detail: string): void {
  // The first entry tells how it began.
  if (timeline.length >= timelineLimit) timeline.splice(1, 1);
  timeline.push({ atMs, what, detail });
}
