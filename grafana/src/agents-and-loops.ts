import { buildDashboard } from './dashboard.ts';
import { row } from './panel-facts.ts';
import { bars, curves, stat, states } from './panels.ts';
import { chosenAgents, grown, perSecond, quantile, share } from './promql.ts';
import { table } from './table.ts';
import { pauseWords } from './words.ts';

const agentCalls = (outcomes: string) =>
  grown('outrigger_agent_requests_total', ['agent'], `${chosenAgents}${outcomes && `, outcome=~"${outcomes}"`}`);

/** Each agent by itself: what it asks, what becomes of it, and whether it goes in circles. */
export const agentsAndLoops = () =>
  buildDashboard({
    uid: 'outrigger-agents',
    title: 'Outrigger: Agents & loops',
    description: 'Each agent by itself: what it asks, what becomes of it, whether it goes in circles, and who was told.',
    variables: ['agent'],
    pieces: [
      stat({
        id: 1,
        title: 'Agents that call',
        description: 'Agents that have made a call within the time shown.',
        unit: 'none',
        width: 6,
        queries: [{ expr: `count(${agentCalls('')} > 0)`, legend: 'agents' }],
      }),
      stat({
        id: 2,
        title: 'Paused',
        description: 'Agents that were paused and not resumed. Their calls are refused.',
        unit: 'none',
        width: 6,
        queries: [{ expr: `sum(outrigger_agent_paused{${chosenAgents}})`, legend: 'paused' }],
        steps: [
          { from: null, color: 'green' },
          { from: 1, color: 'orange' },
        ],
      }),
      stat({
        id: 3,
        title: 'Loops',
        description: 'Loops that agents were found in, over the time shown.',
        unit: 'locale',
        width: 6,
        queries: [{ expr: grown('outrigger_loops_detected_total', []), legend: 'loops' }],
        steps: [
          { from: null, color: 'green' },
          { from: 1, color: 'orange' },
        ],
      }),
      stat({
        id: 4,
        title: 'Tokens wasted in loops',
        description: 'Tokens of answers that loop detection broke off, over the time shown.',
        unit: 'short',
        width: 6,
        queries: [{ expr: grown('outrigger_llm_wasted_tokens_total', [], 'why="loop"'), legend: 'tokens' }],
      }),
      table({
        id: 10,
        title: 'Agents',
        description: 'Calls over the time shown, by what became of them, with tokens and cost.',
        unit: 'none',
        width: 24,
        by: ['agent'],
        columns: [
          { name: 'calls', expr: agentCalls(''), unit: 'locale' },
          { name: 'saved', expr: agentCalls('retried|fell-back|cached'), unit: 'locale' },
          { name: 'degraded', expr: agentCalls('degraded'), unit: 'locale' },
          { name: 'failed', expr: agentCalls('upstream-error|timeout|refused'), unit: 'locale' },
          { name: 'own mistakes', expr: agentCalls('client-error'), unit: 'locale' },
          { name: 'refused as paused', expr: agentCalls('paused'), unit: 'locale' },
          { name: 'tokens', expr: grown('outrigger_agent_tokens_total', ['agent'], chosenAgents), unit: 'short' },
          { name: 'cost', expr: grown('outrigger_agent_cost_usd_total', ['agent'], chosenAgents), unit: 'currencyUSD' },
        ],
      }),
      curves({
        id: 11,
        title: 'Calls by agent',
        description: 'An agent that calls much more than before may be in a loop that is not one of tools.',
        unit: 'reqps',
        queries: [{ expr: perSecond('outrigger_agent_requests_total', ['agent'], chosenAgents), legend: '{{agent}}' }],
      }),
      curves({
        id: 12,
        title: 'Share of calls that failed',
        description: 'By agent: degraded, upstream errors, timeouts and refusals, of all calls.',
        unit: 'percentunit',
        max: 1,
        queries: [
          {
            expr: share(
              perSecond('outrigger_agent_requests_total', ['agent'], `${chosenAgents}, outcome=~"degraded|upstream-error|timeout|refused"`),
              perSecond('outrigger_agent_requests_total', ['agent'], chosenAgents),
            ),
            legend: '{{agent}}',
          },
        ],
      }),
      curves({
        id: 13,
        title: 'Tokens by agent',
        description: 'Tokens that agents spend, those of caches, reasoning and estimates included.',
        unit: 'short',
        queries: [{ expr: perSecond('outrigger_agent_tokens_total', ['agent'], chosenAgents), legend: '{{agent}}' }],
      }),
      states({
        id: 20,
        title: 'Pauses',
        description: 'When each agent was paused. A call of a paused agent is refused, with the reason.',
        unit: 'none',
        words: pauseWords,
        queries: [{ expr: `max by (agent) (outrigger_agent_paused{${chosenAgents}})`, legend: '{{agent}}' }],
      }),
      curves({
        id: 21,
        title: 'Loops by what was done',
        description: 'warn: told and no more. nudge: a note to the model in its next request. pause: the agent was stopped.',
        unit: 'ops',
        width: 6,
        stacked: true,
        queries: [{ expr: perSecond('outrigger_loops_detected_total', ['action']), legend: '{{action}}' }],
      }),
      bars({
        id: 22,
        title: 'Loops by kind',
        description: 'Over the time shown: the same action again, a cycle of several, the same error, the same words, and so on.',
        unit: 'locale',
        width: 6,
        queries: [{ expr: grown('outrigger_loops_detected_total', ['kind']), legend: '{{kind}}' }],
      }),
      curves({
        id: 30,
        title: 'Alert messages',
        description: 'Messages to people, by channel and by what came of them. error: nobody was told.',
        unit: 'ops',
        queries: [{ expr: perSecond('outrigger_alerts_total', ['channel', 'result']), legend: '{{channel}} {{result}}' }],
      }),
      curves({
        id: 31,
        title: 'Open incidents',
        description: 'Incidents that are not over, by how bad they are. /api/incidents lists them.',
        unit: 'none',
        stacked: true,
        queries: [{ expr: 'sum by (severity) (outrigger_open_incidents)', legend: '{{severity}}' }],
      }),
      curves({
        id: 32,
        title: 'Alert messages that wait',
        description: 'On their way, or waiting for another try because a channel does not take them.',
        unit: 'none',
        queries: [{ expr: 'sum(outrigger_alert_queue_length)', legend: 'waiting' }],
      }),
      curves({
        id: 33,
        title: 'Escalations',
        description: 'Steps that were taken because nobody had acknowledged, by level.',
        unit: 'ops',
        queries: [{ expr: perSecond('outrigger_escalations_total', ['level']), legend: 'level {{level}}' }],
      }),
      curves({
        id: 23,
        title: 'Agents that may call, and paused ones',
        description: 'Of the latest 1,000 agents that have called.',
        unit: 'none',
        queries: [{ expr: 'sum by (state) (outrigger_agents)', legend: '{{state}}' }],
      }),
      curves({
        id: 24,
        title: 'Pauses and their ends',
        description: 'By who made them: loop detection (auto) or a person (human).',
        unit: 'ops',
        queries: [{ expr: perSecond('outrigger_agent_interventions_total', ['kind', 'actor']), legend: '{{kind}} {{actor}}' }],
      }),
      curves({
        id: 25,
        title: 'How far loops had gone',
        description: 'Repetitions when a loop was found: the median, and nine of ten. High numbers mean that loops are found late.',
        unit: 'none',
        queries: [
          { expr: quantile(0.5, 'outrigger_loop_repeats', []), legend: 'p50' },
          { expr: quantile(0.9, 'outrigger_loop_repeats', []), legend: 'p90' },
        ],
      }),
      curves({
        id: 26,
        title: 'How long pauses last',
        description: 'Pauses that have ended: the median, and nine of ten.',
        unit: 's',
        width: 12,
        queries: [
          { expr: quantile(0.5, 'outrigger_agent_pause_seconds', []), legend: 'p50' },
          { expr: quantile(0.9, 'outrigger_agent_pause_seconds', []), legend: 'p90' },
        ],
      }),
      curves({
        id: 27,
        title: 'How long incidents last',
        description: 'Half of the incidents were known to somebody within this time, and over within this time.',
        unit: 's',
        width: 12,
        queries: [{ expr: quantile(0.5, 'outrigger_incident_seconds', ['change']), legend: '{{change}}' }],
      }),
      row(40, 'Tools'),
      table({
        id: 41,
        title: 'Tools',
        description: 'Calls of tools over the time shown, and how many came to nothing.',
        unit: 'none',
        by: ['tool'],
        columns: [
          { name: 'calls', expr: grown('outrigger_tool_calls_total', ['tool']), unit: 'locale' },
          { name: 'errors of the tool', expr: grown('outrigger_tool_calls_total', ['tool'], 'outcome="tool-error"'), unit: 'locale' },
          { name: 'failed or refused', expr: grown('outrigger_tool_calls_total', ['tool'], 'outcome=~"failed|refused"'), unit: 'locale' },
        ],
      }),
      curves({
        id: 42,
        title: 'How long tools take, p95',
        description: 'Nineteen of twenty calls of a tool were over within this time, by upstream.',
        unit: 's',
        width: 12,
        queries: [{ expr: quantile(0.95, 'outrigger_tool_duration_seconds', ['upstream']), legend: '{{upstream}}' }],
      }),
    ],
  });
