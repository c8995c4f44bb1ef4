import { isoTime } from '../core/iso-time.ts';
import { deedsOf } from './deeds.ts';
import type { Incident } from './incident.ts';
import { priority } from './incident.ts';
import { channelsOf } from './ladder.ts';
import { titleOf } from './messages.ts';
import { severityOf } from './priority.ts';

/** An incident as the API lists it. Times are ISO 8601. */
export function incidentView(incident: Incident) {
  const { id, key, on, status, upstream, agent, summary, count, openedMs, lastSeenMs, resolvedMs, acknowledgedMs, by, held, level } =
    incident;
  const score = priority(incident);
  return {
    id,
    key,
    on,
    status,
    title: titleOf(incident),
    summary,
    severity: severityOf(score),
    priority: score,
    upstream,
    agent,
    count,
    since: isoTime(openedMs),
    lastSeen: isoTime(lastSeenMs),
    acknowledgedAt: acknowledgedMs === undefined ? undefined : isoTime(acknowledgedMs),
    resolvedAt: resolvedMs === undefined ? undefined : isoTime(resolvedMs),
    by,
    held,
    level,
  };
}

/** All that is known of an incident: for a person who was woken by it. */
export function incidentReport(incident: Incident, recommendation: string) {
  const { facts, timeline, agents, reopened, failedRecoveries, told, policy } = incident;
  return {
    ...incidentView(incident),
    reopened,
    failedRecoveries,
    agents,
    evidence: facts,
    done: deedsOf(incident),
    timeline: timeline.map(({ atMs, what, detail }) => ({ at: isoTime(atMs), what, detail })),
    channels: channelsOf(incident),
    told,
    policy: {
      version: policy.version,
      send: policy.send,
      escalation: policy.ladder.map(({ afterMs, send, severity }) => ({ afterMs, send, severity })),
    },
    recommendation,
  };
}

/** The report in Markdown. Words from outside stand in code spans, in which they are nothing but text. */
export function reportMarkdown(report: ReturnType<typeof incidentReport>): string {
  const {
    id,
    title,
    status,
    severity,
    priority: score,
    summary,
    since,
    resolvedAt,
    count,
    evidence,
    done,
    timeline,
    recommendation,
  } = report;
  const until = resolvedAt === undefined ? '' : `, until ${resolvedAt}`;
  return `${[
    `# ${code(title)}`,
    `${status}, ${severity} (${score} of 100), since ${since}${until}, ${count} ${count === 1 ? 'event' : 'events'}. Incident \`${id}\`.`,
    code(summary),
    '## Evidence',
    list(evidence.map(({ name, value }) => `${name}: ${code(value)}`)),
    '## What the sidecar did',
    list(done),
    '## What to do',
    recommendation === '' ? 'The runbook says nothing about it.' : recommendation,
    '## Timeline',
    list(timeline.map(({ at, what, detail }) => `${at} ${what}${detail === '' ? '' : `: ${code(detail)}`}`)),
  ].join('\n\n')}\n`;
}

function list(lines: readonly string[]): string {
  return lines.length === 0 ? 'Nothing.' : lines.map((line) => `- ${line}`).join('\n');
}

/** A code span of CommonMark that no content can leave: fenced by more backticks than it holds, on one line. */
function code(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`;
}
