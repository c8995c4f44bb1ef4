import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Severity } from '../core/severity.ts';
import type { Fact } from './channel.ts';
import { plainLine, plainText } from './channels/plain-text.ts';
import type { Observation } from './observation.ts';

const texts = z.record(z.string(), z.string()).default({});

/** What Alertmanager posts to a webhook, of version 4, as far as it is read. */
const payload = z.object({
  version: z.literal('4'),
  alerts: z
    .array(
      z.object({
        status: z.enum(['firing', 'resolved']),
        labels: texts,
        annotations: texts,
        fingerprint: z.string().optional(),
        generatorURL: z.string().optional(),
      }),
    )
    .max(10_000),
});

type Alert = z.output<typeof payload>['alerts'][number];

const factsLimit = 12;
/** Said elsewhere in an incident. */
const spoken = new Set(['alertname', 'severity', 'summary', 'upstream', 'agent']);

/** An alert of Prometheus that has begun, goes on or is over, each; undefined for what Alertmanager does not post. */
export function observeAlertmanager(body: unknown): Observation[] | undefined {
  const parsed = payload.safeParse(body);
  return parsed.success ? parsed.data.alerts.map(observationOf) : undefined;
}

function observationOf(alert: Alert): Observation {
  const { status, labels, annotations, fingerprint } = alert;
  const name = labels['alertname'] ?? 'alert';
  const said = annotations['summary'] ?? annotations['description'] ?? annotations['message'];
  const severity = severityOf(labels['severity']);
  return {
    on: 'alertmanager',
    upstream: subjectOf(labels['upstream']),
    agent: subjectOf(labels['agent']),
    fingerprint: fingerprint ?? hash('sha256', JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))),
    over: status === 'resolved',
    summary: plainText(said === undefined ? name : `${name}: ${said}`, 1024),
    facts: factsOf(alert, name),
    ...(severity && { severity }),
  };
}

function factsOf({ labels, annotations, generatorURL }: Alert, name: string): Fact[] {
  const others = [...Object.entries(labels), ...Object.entries(annotations)].filter(([key]) => !spoken.has(key));
  const source: [string, string][] = generatorURL ? [['source', generatorURL]] : [];
  return [['alert', name] as const, ...source, ...others]
    .slice(0, factsLimit)
    .map(([key, value]) => ({ name: plainLine(key, 60), value: plainText(value, 500) }));
}

function subjectOf(label: string | undefined): string | undefined {
  return label === undefined || label === '' ? undefined : plainLine(label, 100);
}

const severities: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  page: 'critical',
  error: 'high',
  high: 'high',
  warning: 'medium',
  medium: 'medium',
  info: 'low',
  low: 'low',
  none: 'low',
};

/** The words that rules of Prometheus use by custom. */
function severityOf(label: string | undefined): Severity | undefined {
  const word = label?.toLowerCase() ?? '';
  return Object.hasOwn(severities, word) ? severities[word] : undefined;
}
