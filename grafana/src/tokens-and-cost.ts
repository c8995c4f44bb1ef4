import { buildDashboard } from './dashboard.ts';
import { bars, curves, stat } from './panels.ts';
import { chosenAgents, chosenModels, grown, perSecond, share } from './promql.ts';
import { table } from './table.ts';

const cost = grown('outrigger_llm_cost_usd_total', [], chosenModels);

/** What is spent on which model, by whom, and how much of it in vain. */
export const tokensAndCost = () =>
  buildDashboard({
    uid: 'outrigger-cost',
    title: 'Outrigger: Tokens & cost',
    description: 'What is spent on which model, by whom, and how much of it in vain.',
    variables: ['upstream', 'model', 'agent'],
    pieces: [
      stat({
        id: 1,
        title: 'Spent',
        description: 'US dollars for tokens over the time shown, estimated ones included.',
        unit: 'currencyUSD',
        width: 4,
        queries: [{ expr: cost, legend: 'spent' }],
      }),
      stat({
        id: 2,
        title: 'Per hour',
        description: 'US dollars an hour, at the present rate.',
        unit: 'currencyUSD',
        width: 4,
        queries: [{ expr: `${perSecond('outrigger_llm_cost_usd_total', [], chosenModels)} * 3600`, legend: 'per hour' }],
      }),
      stat({
        id: 3,
        title: 'In vain',
        description: 'Share of the cost that went into answers of no use: given up, retried, broken off, looping.',
        unit: 'percentunit',
        width: 4,
        queries: [{ expr: share(grown('outrigger_llm_wasted_cost_usd_total', [], chosenModels), cost), legend: 'in vain' }],
        steps: [
          { from: null, color: 'green' },
          { from: 0.05, color: 'orange' },
          { from: 0.2, color: 'red' },
        ],
      }),
      stat({
        id: 4,
        title: 'Tokens',
        description: 'Tokens that providers reported, over the time shown.',
        unit: 'short',
        width: 4,
        queries: [{ expr: grown('outrigger_llm_tokens_total', [], chosenModels), legend: 'tokens' }],
      }),
      stat({
        id: 5,
        title: 'Input from caches',
        description: 'Share of the input that the provider read from its prompt cache, which costs less.',
        unit: 'percentunit',
        width: 4,
        queries: [
          {
            expr: share(
              grown('outrigger_llm_tokens_total', [], `${chosenModels}, kind="cache_read"`),
              grown('outrigger_llm_tokens_total', [], `${chosenModels}, kind=~"input|cache_read|cache_write"`),
            ),
            legend: 'cached',
          },
        ],
      }),
      stat({
        id: 6,
        title: 'Without a price',
        description: 'Attempts with tokens of models that no price list names, over the time shown: the cost is without them.',
        unit: 'locale',
        width: 4,
        queries: [{ expr: grown('outrigger_llm_unpriced_requests_total', [], chosenModels), legend: 'attempts' }],
        steps: [
          { from: null, color: 'green' },
          { from: 1, color: 'orange' },
        ],
      }),
      curves({
        id: 10,
        title: 'Cost per hour, by model',
        description: 'US dollars an hour for each model that has cost something.',
        unit: 'currencyUSD',
        width: 12,
        stacked: true,
        queries: [
          {
            expr: `${perSecond('outrigger_llm_cost_usd_total', ['upstream', 'model'], chosenModels)} * 3600 > 0`,
            legend: '{{upstream}}/{{model}}',
          },
        ],
      }),
      curves({
        id: 11,
        title: 'Cost per hour, by agent',
        description: 'US dollars an hour for each agent that has spent something.',
        unit: 'currencyUSD',
        width: 12,
        stacked: true,
        queries: [{ expr: `${perSecond('outrigger_agent_cost_usd_total', ['agent'], chosenAgents)} * 3600 > 0`, legend: '{{agent}}' }],
      }),
      curves({
        id: 12,
        title: 'Tokens by kind',
        description:
          'Tokens that providers reported, per second. The kinds are disjoint: input is without cache reads, output without reasoning.',
        unit: 'short',
        stacked: true,
        queries: [{ expr: perSecond('outrigger_llm_tokens_total', ['kind'], chosenModels), legend: '{{kind}}' }],
      }),
      curves({
        id: 13,
        title: 'Estimated tokens',
        description:
          'Tokens that providers did not report, judged by the size of requests and answers. They come on top of the reported ones.',
        unit: 'short',
        stacked: true,
        queries: [{ expr: perSecond('outrigger_llm_estimated_tokens_total', ['kind'], chosenModels), legend: '{{kind}}' }],
      }),
      curves({
        id: 14,
        title: 'Tokens in vain',
        description: 'Tokens of answers that were of no use, by what became of them. Part of the totals.',
        unit: 'short',
        stacked: true,
        queries: [{ expr: perSecond('outrigger_llm_wasted_tokens_total', ['why'], chosenModels), legend: '{{why}}' }],
      }),
      curves({
        id: 15,
        title: 'Saved by the cache',
        description:
          'US dollars an hour that stored answers have spared, by what they had cost. Answers that stood in for a failure are left out.',
        unit: 'currencyUSD',
        width: 12,
        queries: [{ expr: `${perSecond('outrigger_cache_saved_usd_total', [])} * 3600`, legend: 'saved' }],
      }),
      curves({
        id: 16,
        title: 'Tokens saved by the cache',
        description: 'Tokens per second of calls that a stored answer was served in place of.',
        unit: 'short',
        width: 12,
        queries: [{ expr: perSecond('outrigger_cache_saved_tokens_total', []), legend: 'tokens' }],
      }),
      table({
        id: 20,
        title: 'Models',
        description: 'Tokens and cost of each model over the time shown.',
        unit: 'none',
        by: ['upstream', 'model'],
        columns: [
          { name: 'cost', expr: grown('outrigger_llm_cost_usd_total', ['upstream', 'model'], chosenModels), unit: 'currencyUSD' },
          { name: 'tokens', expr: grown('outrigger_llm_tokens_total', ['upstream', 'model'], chosenModels), unit: 'short' },
          { name: 'estimated', expr: grown('outrigger_llm_estimated_tokens_total', ['upstream', 'model'], chosenModels), unit: 'short' },
          { name: 'unpriced', expr: grown('outrigger_llm_unpriced_requests_total', ['upstream', 'model'], chosenModels), unit: 'locale' },
        ],
      }),
      bars({
        id: 21,
        title: 'Cost in vain',
        description: 'US dollars over the time shown for answers that were of no use, by what became of them.',
        unit: 'currencyUSD',
        width: 6,
        queries: [{ expr: grown('outrigger_llm_wasted_cost_usd_total', ['why'], chosenModels), legend: '{{why}}' }],
      }),
      bars({
        id: 22,
        title: 'Tokens by agent',
        description: 'Tokens over the time shown, in and out.',
        unit: 'short',
        width: 6,
        queries: [{ expr: `topk(10, ${grown('outrigger_agent_tokens_total', ['agent'], chosenAgents)})`, legend: '{{agent}}' }],
      }),
    ],
  });
