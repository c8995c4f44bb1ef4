import { buildDashboard } from './dashboard.ts';
import { row } from './panel-facts.ts';
import { curves, heatmap, stat, states } from './panels.ts';
import { chosenAgents, chosenUpstreams, grown, perSecond, quantile, share } from './promql.ts';
import { table } from './table.ts';
import { circuitWords } from './words.ts';

const good = `${chosenUpstreams}, outcome=~"ok|retried|fell-back|cached"`;
const judged = `${chosenUpstreams}, outcome!~"client-error|paused|cancelled"`;

/** Who suffers, from what, and what was done about it. */
export const overview = () =>
  buildDashboard({
    uid: 'outrigger-overview',
    title: 'Outrigger: Overview',
    description: 'Which agent suffers, from what, and what the sidecar did about it.',
    variables: ['upstream', 'agent'],
    pieces: [
      stat({
        id: 1,
        title: 'Calls answered',
        description:
          'Share of calls that ended with a real answer: at once, after retries, from a fallback or the cache. Without the mistakes of agents, pauses, and calls that agents gave up.',
        unit: 'percentunit',
        queries: [
          {
            expr: share(perSecond('outrigger_requests_total', [], good), perSecond('outrigger_requests_total', [], judged)),
            legend: 'answered',
          },
        ],
        steps: [
          { from: null, color: 'red' },
          { from: 0.95, color: 'orange' },
          { from: 0.99, color: 'green' },
        ],
      }),
      stat({
        id: 2,
        title: 'Calls',
        description: 'Calls of agents that ended, per second.',
        unit: 'reqps',
        queries: [{ expr: perSecond('outrigger_requests_total', [], chosenUpstreams), legend: 'calls' }],
      }),
      stat({
        id: 3,
        title: 'Call p95',
        description: 'Nineteen of twenty calls were over, body and all, within this time.',
        unit: 's',
        queries: [{ expr: quantile(0.95, 'outrigger_request_duration_seconds', [], chosenUpstreams), legend: 'p95' }],
      }),
      stat({
        id: 4,
        title: 'Own overhead p99',
        description:
          'What the sidecar itself adds to the time up to the head of an answer, waits of policies excluded, in 99 of 100 calls.',
        unit: 's',
        queries: [{ expr: quantile(0.99, 'outrigger_overhead_seconds', [], chosenUpstreams), legend: 'p99' }],
        steps: [
          { from: null, color: 'green' },
          { from: 0.01, color: 'orange' },
          { from: 0.1, color: 'red' },
        ],
      }),
      stat({
        id: 5,
        title: 'Spent per hour',
        description: 'US dollars for tokens, at the present rate. Models without a price are not in it: see Tokens & cost.',
        unit: 'currencyUSD',
        queries: [{ expr: `${perSecond('outrigger_llm_cost_usd_total', [], chosenUpstreams)} * 3600`, legend: 'per hour' }],
      }),
      stat({
        id: 6,
        title: 'Open circuits',
        description: 'Upstreams whose circuit breaker is open: their calls are refused at once, or go to a fallback.',
        unit: 'none',
        queries: [{ expr: `sum(outrigger_circuit_state{${chosenUpstreams}} == bool 2)`, legend: 'open' }],
        steps: [
          { from: null, color: 'green' },
          { from: 1, color: 'red' },
        ],
      }),
      stat({
        id: 7,
        title: 'Paused agents',
        description: 'Agents that were paused, by loop detection or by a person, and not resumed.',
        unit: 'none',
        queries: [{ expr: `sum(outrigger_agent_paused{${chosenAgents}})`, legend: 'paused' }],
        steps: [
          { from: null, color: 'green' },
          { from: 1, color: 'orange' },
        ],
      }),
      stat({
        id: 8,
        title: 'Under way',
        description: 'Calls that have begun and not ended.',
        unit: 'none',
        queries: [{ expr: `sum(outrigger_inflight_requests{${chosenUpstreams}})`, legend: 'calls' }],
      }),
      curves({
        id: 10,
        title: 'Calls by outcome',
        description:
          'How calls ended as the agent saw it. retried, fell-back, cached and degraded are calls that would have failed, or waited, without the sidecar.',
        unit: 'reqps',
        width: 12,
        stacked: true,
        queries: [{ expr: perSecond('outrigger_requests_total', ['outcome'], chosenUpstreams), legend: '{{outcome}}' }],
      }),
      heatmap({
        id: 11,
        title: 'How long calls take',
        description: 'Calls by the time from their start to their end, body and all.',
        unit: 's',
        queries: [{ expr: perSecond('outrigger_request_duration_seconds_bucket', ['le'], chosenUpstreams), legend: '{{le}}' }],
      }),
      states({
        id: 12,
        title: 'Circuits',
        description: 'Closed: calls pass. Open: they are refused at once. Half-open: a few may try.',
        unit: 'none',
        words: circuitWords,
        queries: [{ expr: `max by (upstream) (outrigger_circuit_state{${chosenUpstreams}})`, legend: '{{upstream}}' }],
      }),
      table({
        id: 13,
        title: 'Agents',
        description: 'Who calls, how much of it came to nothing, and what it cost, over the time shown.',
        unit: 'none',
        by: ['agent'],
        columns: [
          { name: 'calls', expr: grown('outrigger_agent_requests_total', ['agent'], chosenAgents), unit: 'locale' },
          {
            name: 'failed',
            expr: grown(
              'outrigger_agent_requests_total',
              ['agent'],
              `${chosenAgents}, outcome=~"degraded|upstream-error|timeout|refused|paused"`,
            ),
            unit: 'locale',
          },
          { name: 'tokens', expr: grown('outrigger_agent_tokens_total', ['agent'], chosenAgents), unit: 'short' },
          { name: 'cost', expr: grown('outrigger_agent_cost_usd_total', ['agent'], chosenAgents), unit: 'currencyUSD' },
        ],
      }),
      row(20, 'Upstreams'),
      curves({
        id: 21,
        title: 'Calls by upstream',
        description: 'By the upstream that the route leads to, wherever fallbacks went then.',
        unit: 'reqps',
        queries: [{ expr: perSecond('outrigger_requests_total', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
      }),
      curves({
        id: 22,
        title: 'Failed attempts',
        description:
          'Attempts at an upstream that did not end well, by what was the matter. Most never reach the agent: retries and fallbacks stand between.',
        unit: 'reqps',
        stacked: true,
        queries: [
          { expr: `${perSecond('outrigger_attempts_total', ['verdict'], `${chosenUpstreams}, verdict!="ok"`)} > 0`, legend: '{{verdict}}' },
        ],
      }),
      curves({
        id: 23,
        title: 'Attempt p95',
        description: 'From the start of an attempt until its answer could be judged: nineteen of twenty are faster.',
        unit: 's',
        queries: [{ expr: quantile(0.95, 'outrigger_attempt_duration_seconds', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
      }),
      curves({
        id: 24,
        title: 'Bytes from agents',
        description: 'Body bytes that agents sent, by the upstream of the route.',
        unit: 'Bps',
        width: 12,
        queries: [{ expr: perSecond('outrigger_request_bytes_total', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
      }),
      curves({
        id: 25,
        title: 'Bytes to agents',
        description: 'Body bytes that agents were sent, by the upstream of the route.',
        unit: 'Bps',
        width: 12,
        queries: [{ expr: perSecond('outrigger_response_bytes_total', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
      }),
    ],
  });
