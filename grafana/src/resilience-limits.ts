import { type Piece, row } from './panel-facts.ts';
import { curves, states } from './panels.ts';
import { chosenUpstreams, perSecond, quantile } from './promql.ts';
import { circuitWords } from './words.ts';

/** Circuit breakers and bulkheads on the dashboard Resilience. */
export const breakersAndBulkheads: readonly Piece[] = [
  row(20, 'Circuit breakers and bulkheads'),
  states({
    id: 21,
    title: 'Circuits',
    description: 'Closed: calls pass. Open: they are refused at once. Half-open: a few may try.',
    unit: 'none',
    words: circuitWords,
    queries: [{ expr: `max by (upstream) (outrigger_circuit_state{${chosenUpstreams}})`, legend: '{{upstream}}' }],
  }),
  curves({
    id: 22,
    title: 'Changes of circuits',
    description:
      'By the new state. Often open and half-open in turn: the upstream recovers and breaks down again, or the cooldown is too short.',
    unit: 'ops',
    width: 6,
    queries: [{ expr: perSecond('outrigger_circuit_transitions_total', ['to'], chosenUpstreams), legend: '{{to}}' }],
  }),
  curves({
    id: 23,
    title: 'Refused by open circuits',
    description: 'Attempts that were not made because the circuit of the upstream was open.',
    unit: 'ops',
    width: 6,
    queries: [{ expr: perSecond('outrigger_circuit_refused_total', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
  }),
  curves({
    id: 24,
    title: 'Places of bulkheads',
    description: 'How many calls are under way at each upstream, and how many may be. Upstreams without a bulkhead are left out.',
    unit: 'none',
    width: 6,
    queries: [
      {
        expr: `max by (upstream) (outrigger_bulkhead_in_use{${chosenUpstreams}} and outrigger_bulkhead_limit > 0)`,
        legend: '{{upstream}} in use',
      },
      { expr: `max by (upstream) (outrigger_bulkhead_limit{${chosenUpstreams}} > 0)`, legend: '{{upstream}} limit' },
    ],
  }),
  curves({
    id: 25,
    title: 'Waiting for a place',
    description: 'Attempts that wait in line.',
    unit: 'none',
    width: 6,
    queries: [{ expr: `max by (upstream) (outrigger_bulkhead_queue_length{${chosenUpstreams}})`, legend: '{{upstream}}' }],
  }),
  curves({
    id: 26,
    title: 'Wait for a place, p90',
    description: 'Nine of ten of those that had to wait waited less.',
    unit: 's',
    width: 6,
    queries: [{ expr: `${quantile(0.9, 'outrigger_bulkhead_wait_seconds', [], chosenUpstreams)}`, legend: 'p90' }],
  }),
  curves({
    id: 27,
    title: 'No place',
    description: 'Attempts that found no place: the queue full, waited too long, or more than one agent’s share.',
    unit: 'ops',
    width: 6,
    stacked: true,
    queries: [{ expr: perSecond('outrigger_bulkhead_rejected_total', ['reason'], chosenUpstreams), legend: '{{reason}}' }],
  }),

  curves({
    id: 28,
    title: 'Failures in the window of circuits',
    description: 'Share of the calls that circuit breakers look back on which failed. At their `ratio` they open.',
    unit: 'percentunit',
    max: 1,
    width: 24,
    queries: [{ expr: `max by (upstream) (outrigger_circuit_failure_ratio{${chosenUpstreams}})`, legend: '{{upstream}}' }],
  }),
  curves({
    id: 29,
    title: 'Rate limits left',
    description: 'Share of their own rate limits that upstreams say is left. Upstreams that do not tell are left out.',
    unit: 'percentunit',
    max: 1,
    width: 12,
    queries: [
      {
        expr: `min by (upstream, kind) (outrigger_upstream_rate_limit_remaining{${chosenUpstreams}} / (outrigger_upstream_rate_limit > 0))`,
        legend: '{{upstream}} {{kind}}',
      },
    ],
  }),
  curves({
    id: 19,
    title: 'New connections p95',
    description: 'Nineteen of twenty new connections stood within this time, with DNS, TCP and TLS.',
    unit: 's',
    width: 12,
    queries: [{ expr: quantile(0.95, 'outrigger_connect_seconds', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
  }),
];
