import { buildDashboard } from './dashboard.ts';
import { stat } from './panels.ts';
import { chosenUpstreams, grown, share } from './promql.ts';
import { answersInstead } from './resilience-answers.ts';
import { breakersAndBulkheads } from './resilience-limits.ts';
import { retries } from './resilience-retries.ts';

const calls = grown('outrigger_requests_total', [], chosenUpstreams);

/** What each policy did, and whether it helped. */
export const resilience = () =>
  buildDashboard({
    uid: 'outrigger-resilience',
    title: 'Outrigger: Resilience',
    description: 'What retries, circuit breakers, bulkheads, fallbacks, cache and degraded answers did, and whether it helped.',
    variables: ['upstream'],
    pieces: [
      stat({
        id: 1,
        title: 'Calls saved',
        description: 'Calls that had an answer only after a retry, or from a fallback or the cache, over the time shown.',
        unit: 'locale',
        width: 4,
        queries: [
          { expr: grown('outrigger_requests_total', [], `${chosenUpstreams}, outcome=~"retried|fell-back|cached"`), legend: 'saved' },
        ],
      }),
      stat({
        id: 2,
        title: 'Degraded',
        description: 'Share of calls that were answered by a message of our own in place of an answer.',
        unit: 'percentunit',
        width: 4,
        queries: [
          { expr: share(grown('outrigger_requests_total', [], `${chosenUpstreams}, outcome="degraded"`), calls), legend: 'degraded' },
        ],
        steps: [
          { from: null, color: 'green' },
          { from: 0.01, color: 'orange' },
          { from: 0.1, color: 'red' },
        ],
      }),
      stat({
        id: 3,
        title: 'Attempts per call',
        description:
          'Attempts at upstreams for each call of an agent. 1 where all goes well; above that, retries and fallbacks cost time and money.',
        unit: 'none',
        width: 4,
        queries: [{ expr: share(grown('outrigger_attempts_total', [], chosenUpstreams), calls), legend: 'attempts' }],
      }),
      stat({
        id: 4,
        title: 'Refused by circuits',
        description: 'Attempts that an open circuit breaker refused, over the time shown.',
        unit: 'locale',
        width: 4,
        queries: [{ expr: grown('outrigger_circuit_refused_total', [], chosenUpstreams), legend: 'refused' }],
      }),
      stat({
        id: 5,
        title: 'No target left',
        description: 'Calls for which no fallback target had an answer, over the time shown.',
        unit: 'locale',
        width: 4,
        queries: [{ expr: grown('outrigger_fallbacks_exhausted_total', [], chosenUpstreams), legend: 'exhausted' }],
        steps: [
          { from: null, color: 'green' },
          { from: 1, color: 'red' },
        ],
      }),
      stat({
        id: 6,
        title: 'Answers from the cache',
        description: 'Share of the questions to the cache that it had an answer to, a stale one where all else failed included.',
        unit: 'percentunit',
        width: 4,
        queries: [
          {
            expr: share(
              grown('outrigger_cache_requests_total', [], 'result=~"hit|stale"'),
              grown('outrigger_cache_requests_total', [], 'result=~"hit|stale|miss"'),
            ),
            legend: 'answered',
          },
        ],
      }),
      ...retries,
      ...breakersAndBulkheads,
      ...answersInstead,
    ],
  });
