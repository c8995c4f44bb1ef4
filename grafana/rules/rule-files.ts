import { stringify } from 'yaml';
import { alertRules } from './alerts.ts';
import type { Alert, RecordingRule, RuleGroup } from './rule.ts';
import { sloRules } from './slo-rules.ts';
import type { SloSettings } from './slo-settings.ts';

const heading = '# Made by `npm run rules` from config/slo.yml and grafana/rules. Change those.\n';

/** The files of grafana/alerts by their names. */
export function ruleFiles(settings: SloSettings): Readonly<Record<string, string>> {
  return {
    'slo.yml': fileOf(sloRules(settings), settings),
    'outrigger.yml': fileOf(alertRules(settings), settings),
  };
}

/** The part of docs/runbook.md that an alert sends people to. */
export function runbookAnchor(alert: string): string {
  return alert.toLowerCase();
}

function fileOf(groups: readonly RuleGroup[], settings: SloSettings): string {
  const written = groups.map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ('alert' in rule ? writtenAlert(rule, settings) : writtenRecord(rule))),
  }));
  return heading + stringify({ groups: written }, { lineWidth: 0, aliasDuplicateObjects: false });
}

function writtenRecord({ record, expr, labels }: RecordingRule) {
  return { record, expr, ...(labels && { labels }) };
}

function writtenAlert({ alert, expr, for: held, severity, summary }: Alert, { runbook }: SloSettings) {
  return {
    alert,
    expr,
    ...(held !== undefined && { for: held }),
    labels: { severity, runbook: 'outrigger' },
    annotations: { summary, runbook_url: `${runbook}#${runbookAnchor(alert)}` },
  };
}
