import { buildDashboard } from './dashboard.ts';
import { bars, curves, stat } from './panels.ts';
import { table } from './table.ts';

const burnRate = (window: string) => `outrigger:slo_errors:ratio_rate${window} / on (slo) (1 - outrigger:slo_objective:ratio)`;

/** What was promised, and what is left of the room for errors. */
export const slo = () =>
  buildDashboard({
    uid: 'outrigger-slo',
    title: 'Outrigger: SLO',
    description: 'What config/slo.yml promises, and what is left of the room for errors. Needs the rules of grafana/alerts.',
    variables: [],
    pieces: [
      bars({
        id: 1,
        title: 'Error budget left',
        description: 'Of the errors that the objective allows within 30 days, the part that is left. Below 0 the promise is broken.',
        unit: 'percentunit',
        queries: [{ expr: 'outrigger:slo_error_budget_left:ratio', legend: '{{slo}}' }],
        steps: [
          { from: null, color: 'red' },
          { from: 0, color: 'orange' },
          { from: 0.25, color: 'green' },
        ],
      }),
      table({
        id: 2,
        title: 'Objectives',
        description: 'What is promised, and what was kept in the last hour, day and 30 days.',
        unit: 'none',
        width: 16,
        by: ['slo'],
        columns: [
          { name: 'promised', expr: 'sum by (slo) (outrigger:slo_objective:ratio)', unit: 'percentunit' },
          { name: 'last hour', expr: '1 - sum by (slo) (outrigger:slo_errors:ratio_rate1h)', unit: 'percentunit' },
          { name: 'last day', expr: '1 - sum by (slo) (outrigger:slo_errors:ratio_rate1d)', unit: 'percentunit' },
          { name: 'last 30 days', expr: '1 - sum by (slo) (outrigger:slo_errors:ratio_rate30d)', unit: 'percentunit' },
        ],
      }),
      curves({
        id: 3,
        title: 'Burn rate, last hour',
        description: 'How many times faster than allowed the error budget is being spent. At 14.4 a month’s budget is gone in two days.',
        unit: 'none',
        width: 12,
        queries: [{ expr: burnRate('1h'), legend: '{{slo}}' }],
      }),
      curves({
        id: 4,
        title: 'Burn rate, last six hours',
        description: 'The same over six hours: steadier, and later. At 6 a month’s budget is gone in five days.',
        unit: 'none',
        width: 12,
        queries: [{ expr: burnRate('6h'), legend: '{{slo}}' }],
      }),
      curves({
        id: 5,
        title: 'Errors, last five minutes',
        description: 'Share of the calls that did not meet the objective.',
        unit: 'percentunit',
        width: 12,
        queries: [{ expr: 'outrigger:slo_errors:ratio_rate5m', legend: '{{slo}}' }],
      }),
      curves({
        id: 6,
        title: 'Error budget left over time',
        signed: true,
        description: 'Its course over the time shown.',
        unit: 'percentunit',
        width: 12,
        queries: [{ expr: 'outrigger:slo_error_budget_left:ratio', legend: '{{slo}}' }],
      }),
      stat({
        id: 7,
        title: 'Alerts that fire',
        none: 'none',
        description: 'Alerts of grafana/alerts that fire now, by name. docs/runbook.md says what to do about each.',
        unit: 'none',
        width: 24,
        height: 5,
        queries: [{ expr: 'count by (alertname) (ALERTS{alertstate="firing", runbook="outrigger"})', legend: '{{alertname}}' }],
        steps: [
          { from: null, color: 'green' },
          { from: 1, color: 'red' },
        ],
      }),
    ],
  });
