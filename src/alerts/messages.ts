import { randomUUID } from 'node:crypto';
import { cut } from './caps.ts';
import type { Message, MessageKind, Notice } from './channel.ts';
import { deedsOf } from './deeds.ts';
import { type Incident, priority } from './incident.ts';
import { severityOf } from './priority.ts';
import { factsOf, type RuleEvent } from './rule-events.ts';

/** What messages need from outside of the alerts. */
export interface MessageSources {
  /** What a person should do, from the runbook. */
  readonly advice: (on: RuleEvent) => string;
  /** How a person gets to the incident. */
  readonly links: (incident: Incident) => Notice['links'];
}

const listed = 20;
/** Further ones are named with what tells them apart alone. */
const inFull = 5;
const titleLimit = 150;
const summaryLimit = 1024;
const adviceLimit = 1000;

/** A message with an id of its own; the most important incidents first. */
export function composeMessage(
  { kind, thread, level, more = 0 }: Pick<Message, 'kind' | 'thread' | 'level'> & { more?: number },
  incidents: readonly Incident[],
  sources: MessageSources,
  atMs: number,
): Message {
  const ordered = incidents.toSorted((a, b) => priority(b) - priority(a) || a.openedMs - b.openedMs);
  return {
    id: `msg_${randomUUID().replaceAll('-', '')}`,
    kind,
    thread,
    atMs,
    level,
    notices: ordered.slice(0, listed).map((incident, index) => noticeOf(incident, sources, index < inFull)),
    more: Math.max(ordered.length - listed, 0) + more,
  };
}

/** One that only tells that a channel works. */
export function testMessage(atMs: number): Message {
  const kind: MessageKind = 'test';
  return { id: `msg_${randomUUID().replaceAll('-', '')}`, kind, thread: 'test', atMs, level: 0, notices: [], more: 0 };
}

/** An incident as messages show it. */
export function noticeOf(incident: Incident, { advice, links }: MessageSources, full = true): Notice {
  const { id, key, on, status, openedMs, resolvedMs, by, count, facts } = incident;
  const score = priority(incident);
  return {
    incident: id,
    key,
    on,
    status,
    severity: severityOf(score),
    priority: score,
    title: titleOf(incident),
    summary: cut(incident.summary, summaryLimit),
    sinceMs: openedMs,
    ...(resolvedMs !== undefined && { untilMs: resolvedMs }),
    ...(by !== undefined && { by }),
    count,
    facts: full ? facts : [],
    done: full ? deedsOf(incident) : [],
    advice: full ? cut(advice(on), adviceLimit) : '',
    links: links(incident),
  };
}

/** What and where, in our own words. */
export function titleOf({ on, upstream, agent }: Incident): string {
  const where = [upstream, agent === undefined ? undefined : `agent ${agent}`].filter((one) => one !== undefined).join(', ');
  return cut(`${factsOf(on).title}${where === '' ? '' : `: ${where}`}`, titleLimit);
}
