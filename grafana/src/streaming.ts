import { buildDashboard } from './dashboard.ts';
import { curves, heatmap, stat } from './panels.ts';
import { chosenModels, chosenUpstreams, grown, perSecond, quantile } from './promql.ts';

/** How soon answers begin, and which break off. */
export const streaming = () =>
  buildDashboard({
    uid: 'outrigger-streaming',
    title: 'Outrigger: Streaming',
    description: 'How soon answers begin, how many are on their way, and which break off.',
    variables: ['upstream', 'model'],
    pieces: [
      stat({
        id: 1,
        title: 'Streams',
        description: 'Streamed answers on their way to an agent now.',
        unit: 'none',
        width: 6,
        queries: [{ expr: `sum(outrigger_streams_active{${chosenUpstreams}})`, legend: 'streams' }],
      }),
      stat({
        id: 2,
        title: 'First byte p50',
        description: 'Half of the answers began within this time, retries and fallbacks included.',
        unit: 's',
        width: 6,
        queries: [{ expr: quantile(0.5, 'outrigger_time_to_first_byte_seconds', [], chosenUpstreams), legend: 'p50' }],
      }),
      stat({
        id: 3,
        title: 'First byte p95',
        description: 'Nineteen of twenty answers began within this time, retries and fallbacks included.',
        unit: 's',
        width: 6,
        queries: [{ expr: quantile(0.95, 'outrigger_time_to_first_byte_seconds', [], chosenUpstreams), legend: 'p95' }],
      }),
      stat({
        id: 4,
        title: 'Broken off',
        description: 'Answers that broke off after they had begun to reach the agent, over the time shown. No policy can mend those.',
        unit: 'locale',
        width: 6,
        queries: [{ expr: grown('outrigger_streams_broken_total', [], chosenUpstreams), legend: 'broken' }],
        steps: [
          { from: null, color: 'green' },
          { from: 1, color: 'orange' },
        ],
      }),
      heatmap({
        id: 10,
        title: 'Time to the first byte',
        description: 'From the start of a call to the head of its answer at the agent, streamed or not.',
        unit: 's',
        queries: [{ expr: perSecond('outrigger_time_to_first_byte_seconds_bucket', ['le'], chosenUpstreams), legend: '{{le}}' }],
      }),
      curves({
        id: 11,
        title: 'First byte p95 by upstream',
        description: 'By the upstream of the route, whichever target had the answer in the end.',
        unit: 's',
        width: 12,
        queries: [{ expr: quantile(0.95, 'outrigger_time_to_first_byte_seconds', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
      }),
      curves({
        id: 12,
        title: 'Streams on their way',
        description: 'By the upstream that answers.',
        unit: 'none',
        queries: [{ expr: `sum by (upstream) (outrigger_streams_active{${chosenUpstreams}})`, legend: '{{upstream}}' }],
      }),
      curves({
        id: 13,
        title: 'Broken off',
        description: 'Answers that broke off after they had begun to reach the agent, by upstream.',
        unit: 'ops',
        queries: [{ expr: perSecond('outrigger_streams_broken_total', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
      }),
      curves({
        id: 14,
        title: 'Silences',
        description: 'Limits that a stream ran into: to its first content, between two chunks, or for the whole of it.',
        unit: 'ops',
        queries: [
          {
            expr: perSecond('outrigger_timeouts_total', ['phase'], `${chosenUpstreams}, phase=~"firstByte|idle|total"`),
            legend: '{{phase}}',
          },
        ],
      }),
      curves({
        id: 15,
        title: 'Answers inside WebSockets',
        description: 'Responses that were carried over WebSockets, by what became of them.',
        unit: 'ops',
        width: 12,
        stacked: true,
        queries: [{ expr: `${perSecond('outrigger_tunnel_answers_total', ['verdict'], chosenUpstreams)} > 0`, legend: '{{verdict}}' }],
      }),
      curves({
        id: 16,
        title: 'Bytes to agents',
        description: 'Body bytes per second that agents were sent.',
        unit: 'Bps',
        width: 12,
        queries: [{ expr: perSecond('outrigger_response_bytes_total', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
      }),
      curves({
        id: 17,
        title: 'First content p95 by model',
        description: 'From the start of a call to the first content of its stream, in nineteen of twenty streams.',
        unit: 's',
        queries: [
          {
            expr: quantile(0.95, 'outrigger_stream_ttft_seconds', ['upstream', 'model'], chosenModels),
            legend: '{{upstream}}/{{model}}',
          },
        ],
      }),
      curves({
        id: 18,
        title: 'Tokens per second of a stream',
        description: 'The median of whole streams, from their first content on, by model.',
        unit: 'none',
        queries: [
          {
            expr: quantile(0.5, 'outrigger_stream_output_tokens_per_second', ['upstream', 'model'], chosenModels),
            legend: '{{upstream}}/{{model}}',
          },
        ],
      }),
      curves({
        id: 19,
        title: 'WebSockets',
        description: 'WebSockets that are open.',
        unit: 'none',
        queries: [{ expr: `sum by (upstream) (outrigger_websocket_connections{${chosenUpstreams}})`, legend: '{{upstream}}' }],
      }),
      curves({
        id: 20,
        title: 'Silences within streams p95',
        description:
          'Nineteen of twenty pieces of a stream came within this time of the one before. What the agent took its time for is left out.',
        unit: 's',
        queries: [{ expr: quantile(0.95, 'outrigger_stream_chunk_gap_seconds', ['upstream'], chosenUpstreams), legend: '{{upstream}}' }],
      }),
      curves({
        id: 21,
        title: 'Messages in WebSockets',
        description: 'Messages per second, by upstream: sent by agents, or received by them.',
        unit: 'ops',
        queries: [
          {
            expr: perSecond('outrigger_websocket_messages_total', ['upstream', 'direction'], chosenUpstreams),
            legend: '{{upstream}} {{direction}}',
          },
        ],
      }),
      curves({
        id: 22,
        title: 'Ends of WebSockets',
        description: 'How they were closed: well, for an error, for a reason of the application, or without a word.',
        unit: 'ops',
        stacked: true,
        queries: [{ expr: perSecond('outrigger_websocket_closes_total', ['how'], chosenUpstreams), legend: '{{how}}' }],
      }),
    ],
  });
