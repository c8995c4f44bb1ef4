import type { Alert, RecordingRule, RuleGroup } from './rule.ts';
import type { Objective, SloSettings } from './slo-settings.ts';

/** Windows that the share of errors is recorded for, straight from the counters. */
const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
type Window = (typeof windows)[number];

/**
 * The windows and burn rates of the SRE workbook's chapter on alerting on SLOs, for a budget of 30 days: the long window says that much was
 * lost, the short one that it goes on.
 */
const burns: readonly { alert: string; long: Window; short: Window; factor: number; severity: Alert['severity']; left: string }[] = [
  { alert: 'ErrorBudgetGoneInTwoDays', long: '1h', short: '5m', factor: 14.4, severity: 'page', left: 'two days' },
  { alert: 'ErrorBudgetGoneInFiveDays', long: '6h', short: '30m', factor: 6, severity: 'page', left: 'five days' },
  { alert: 'ErrorBudgetGoneInTenDays', long: '1d', short: '2h', factor: 3, severity: 'ticket', left: 'ten days' },
  { alert: 'ErrorBudgetGoneInAMonth', long: '3d', short: '6h', factor: 1, severity: 'ticket', left: 'a month' },
];

/** The rules on the objectives: shares of errors by window, what is left of the budget, and alerts on how fast it goes. */
export function sloRules({ objectives, minimumCalls }: SloSettings): RuleGroup[] {
  return [
    { name: 'outrigger-slo', rules: Object.entries(objectives).flatMap(([slo, objective]) => recorded(slo, objective)) },
    { name: 'outrigger-slo-alerts', rules: burns.map((burn) => burnAlert(burn, minimumCalls)) },
  ];
}

function recorded(slo: string, objective: Objective): RecordingRule[] {
  const labels = { slo };
  const [bad, all] = [badCalls(objective), allCalls(objective)];
  const ratios = windows.map((window) => ({
    record: `outrigger:slo_errors:ratio_rate${window}`,
    expr: `(${bad(window)}) / (${all(window)} > 0)`,
    labels,
  }));
  const calls = burns.map(({ long }) => ({
    record: `outrigger:slo_calls:increase${long}`,
    // A rate times its window is what has come within it.
    expr: `${all(long)} * ${seconds(long)}`,
    labels,
  }));
  const over30Days = (of: 'bad' | 'calls') => `sum_over_time(outrigger:slo_${of}:rate5m{slo="${slo}"}[30d])`;
  return [
    { record: 'outrigger:slo_objective:ratio', expr: `vector(${Number(objective.objective.toFixed(6))})`, labels },
    { record: 'outrigger:slo_bad:rate5m', expr: bad('5m'), labels },
    { record: 'outrigger:slo_calls:rate5m', expr: all('5m'), labels },
    ...ratios,
    ...calls,
    // Of what was recorded: reading 30 days of every counter again each time would be dear.
    { record: 'outrigger:slo_errors:ratio_rate30d', expr: `${over30Days('bad')} / (${over30Days('calls')} > 0)`, labels },
    {
      record: 'outrigger:slo_error_budget_left:ratio',
      expr: `1 - outrigger:slo_errors:ratio_rate30d{slo="${slo}"} / (1 - outrigger:slo_objective:ratio{slo="${slo}"})`,
      labels,
    },
  ];
}

/** All that count, per second over a window. */
function allCalls(objective: Objective): (window: Window) => string {
  if ('bad' in objective) {
    const matcher = `outcome!~"${objective.ignored.join('|')}"`;
    return (window) => `sum(rate(outrigger_requests_total{${matcher}}[${window}]))`;
  }
  return (window) => `sum(rate(${objective.histogram}_count[${window}]))`;
}

/** Those that are errors, per second over a window. */
function badCalls(objective: Objective): (window: Window) => string {
  if ('bad' in objective) {
    const matcher = `outcome=~"${objective.bad.join('|')}"`;
    return (window) => `sum(rate(outrigger_requests_total{${matcher}}[${window}]))`;
  }
  const { histogram, within } = objective;
  const all = allCalls(objective);
  const bound = within / 1000;
  // Prometheus 3 writes whole numbers with a point.
  const matcher = Number.isInteger(bound) ? `le=~"${bound}|${bound}.0"` : `le="${bound}"`;
  return (window) => `${all(window)} - sum(rate(${histogram}_bucket{${matcher}}[${window}]))`;
}

function burnAlert({ alert, long, short, factor, severity, left }: (typeof burns)[number], minimumCalls: number): Alert {
  const burning = (window: Window) => `outrigger:slo_errors:ratio_rate${window} > on (slo) ${factor} * (1 - outrigger:slo_objective:ratio)`;
  return {
    alert,
    expr: `(${burning(long)}) and on (slo) (${burning(short)}) and on (slo) (outrigger:slo_calls:increase${long} >= ${minimumCalls})`,
    severity,
    summary: `The error budget of {{ $labels.slo }} for 30 days is gone in ${left}: {{ $value | humanizePercentage }} of the calls in ${long} were errors`,
  };
}

function seconds(window: Window): number {
  const unit = { m: 60, h: 3600, d: 86_400 }[window.at(-1) as 'm' | 'h' | 'd'];
  return Number(window.slice(0, -1)) * unit;
}
