import { type Piece, row } from './panel-facts.ts';
import { bars, curves } from './panels.ts';
import { chosenUpstreams, grown, perSecond, quantile, share } from './promql.ts';
import { table } from './table.ts';

/** What agents get where the first target has no answer, on the dashboard Resilience. */
export const answersInstead: readonly Piece[] = [
  row(30, 'Fallbacks, cache and degraded answers'),
  table({
    id: 31,
    title: 'Fallbacks',
    description: 'Moves from one target to the next, by the verdict that asked for it, over the time shown.',
    unit: 'none',
    by: ['from', 'to', 'reason'],
    columns: [{ name: 'moves', expr: `${grown('outrigger_fallbacks_total', ['from', 'to', 'reason'])} > 0`, unit: 'locale' }],
  }),
  curves({
    id: 32,
    title: 'Targets skipped or all in vain',
    description:
      'Fallback targets that a call could not move to, by target; and calls for which none had an answer, by the first upstream.',
    unit: 'ops',
    width: 6,
    queries: [
      { expr: `${perSecond('outrigger_targets_skipped_total', ['upstream'], chosenUpstreams)} > 0`, legend: '{{upstream}} skipped' },
      { expr: `${perSecond('outrigger_fallbacks_exhausted_total', ['upstream'], chosenUpstreams)} > 0`, legend: '{{upstream}} in vain' },
    ],
  }),
  bars({
    id: 33,
    title: 'Cache',
    description: 'Questions to the response cache over the time shown. stale: an old answer in place of an error.',
    unit: 'locale',
    width: 6,
    queries: [{ expr: grown('outrigger_cache_requests_total', ['result']), legend: '{{result}}' }],
  }),
  curves({
    id: 34,
    title: 'Answers that were not fresh ones',
    description: 'From the cache where all else had failed, or a message of our own.',
    unit: 'ops',
    stacked: true,
    queries: [{ expr: perSecond('outrigger_degraded_total', ['kind']), legend: '{{kind}}' }],
  }),
  curves({
    id: 35,
    title: 'Content of answers',
    description: 'Answers whose content was checked, by what was found.',
    unit: 'ops',
    stacked: true,
    queries: [{ expr: `${perSecond('outrigger_validations_total', ['result'], chosenUpstreams)} > 0`, legend: '{{result}}' }],
  }),
  curves({
    id: 36,
    title: 'Adjusted prompts',
    description: 'Retries whose prompt was adjusted, by kind.',
    unit: 'ops',
    stacked: true,
    queries: [{ expr: perSecond('outrigger_prompt_adjustments_total', ['kind']), legend: '{{kind}}' }],
  }),
  curves({
    id: 37,
    title: 'Faults of our own making',
    description: 'What chaos injects, for tests and game days. Anything here on an ordinary day is a mistake in the configuration.',
    unit: 'ops',
    width: 12,
    stacked: true,
    queries: [{ expr: `${perSecond('outrigger_faults_injected_total', ['fault'], chosenUpstreams)} > 0`, legend: '{{fault}}' }],
  }),
  curves({
    id: 38,
    title: 'What observing policies would have done',
    description: 'Policies with `observe: true` decide and report, and do not act. By the kind of what they would have done.',
    unit: 'ops',
    width: 12,
    stacked: true,
    queries: [{ expr: `${perSecond('outrigger_would_total', ['kind'])} > 0`, legend: '{{kind}}' }],
  }),

  curves({
    id: 39,
    title: 'Moves per call',
    description: 'Targets that a call moved on to, on average, over all calls.',
    unit: 'none',
    queries: [
      { expr: share(perSecond('outrigger_fallback_depth_sum', []), perSecond('outrigger_fallback_depth_count', [])), legend: 'moves' },
    ],
  }),
  curves({
    id: 40,
    title: 'What the cache holds',
    description: 'Bytes of the stored answers. At `maxBytes` the oldest have to go.',
    unit: 'bytes',
    queries: [{ expr: 'sum(outrigger_cache_bytes)', legend: 'stored' }],
  }),
  curves({
    id: 41,
    title: 'Stored answers',
    description: 'How many answers the cache holds, and how many had to go to make room, per second.',
    unit: 'none',
    queries: [
      { expr: 'sum(outrigger_cache_entries)', legend: 'stored' },
      { expr: perSecond('outrigger_cache_evictions_total', []), legend: 'dropped' },
    ],
  }),
  curves({
    id: 42,
    title: 'Age of answers from the cache',
    description: 'Nine of ten stored answers were younger than this when they were served.',
    unit: 's',
    width: 24,
    queries: [{ expr: quantile(0.9, 'outrigger_cache_age_seconds', []), legend: 'p90' }],
  }),
];
