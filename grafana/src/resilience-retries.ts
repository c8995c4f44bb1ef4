import { type Piece, row } from './panel-facts.ts';
import { curves } from './panels.ts';
import { chosenUpstreams, perSecond, quantile } from './promql.ts';

/** Retries and timeouts on the dashboard Resilience. */
export const retries: readonly Piece[] = [
  row(10, 'Retries and timeouts'),
  curves({
    id: 11,
    title: 'Retries by reason',
    description: 'Attempts that were made again, by the verdict that asked for it.',
    unit: 'ops',
    stacked: true,
    queries: [{ expr: `${perSecond('outrigger_retries_total', ['reason'], chosenUpstreams)} > 0`, legend: '{{reason}}' }],
  }),
  curves({
    id: 12,
    title: 'Retries not made',
    description:
      'Retries that the verdict allowed and that were not made: no attempt left, the budget spent, the deadline too near, not safe to repeat, and so on.',
    unit: 'ops',
    stacked: true,
    queries: [{ expr: `${perSecond('outrigger_retries_given_up_total', ['why'], chosenUpstreams)} > 0`, legend: '{{why}}' }],
  }),
  curves({
    id: 13,
    title: 'Retry budget spent',
    description:
      'Share of the retry budget that is spent. At 100 % nothing is retried: retries would only add to the load of an upstream that fails.',
    unit: 'percentunit',
    max: 1,
    queries: [{ expr: `max by (upstream) (outrigger_retry_budget_used_ratio{${chosenUpstreams}})`, legend: '{{upstream}}' }],
  }),
  curves({
    id: 14,
    title: 'Waits before a retry, p90',
    description: 'Nine of ten waits were shorter. computed: the backoff; retry-after: the upstream asked for it.',
    unit: 's',
    queries: [{ expr: quantile(0.9, 'outrigger_retry_wait_seconds', ['source'], chosenUpstreams), legend: '{{source}}' }],
  }),
  curves({
    id: 15,
    title: 'Timeouts by phase',
    description: 'Timers that ran out: connect, first byte, whole answer, silence between chunks, whole attempt, deadline of the call.',
    unit: 'ops',
    stacked: true,
    queries: [{ expr: `${perSecond('outrigger_timeouts_total', ['phase'], chosenUpstreams)} > 0`, legend: '{{phase}}' }],
  }),
  curves({
    id: 16,
    title: 'Sent again on another socket',
    description: 'Requests sent again because a kept connection had closed at that moment. They are no failures of the upstream.',
    unit: 'ops',
    queries: [{ expr: perSecond('outrigger_socket_resent_total', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
  }),
];
