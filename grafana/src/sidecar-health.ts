import { buildDashboard } from './dashboard.ts';
import { curves, heatmap, stat, states } from './panels.ts';
import { grown, perSecond, quantile } from './promql.ts';
import { process } from './sidecar-process.ts';
import { table } from './table.ts';
import { healthWords } from './words.ts';

/** Series of the process stand beside those of other programs, so they are taken where ours are. */
const ofOurs = (metric: string) => `${metric} and on (instance, job) outrigger_build_info`;

/** The process itself, and what it says of its own faults. */
export const sidecarHealth = () =>
  buildDashboard({
    uid: 'outrigger-sidecar',
    title: 'Outrigger: Sidecar health',
    description: 'The process itself: what it takes, what it adds, and what it says of its own faults.',
    variables: [],
    pieces: [
      stat({
        id: 1,
        title: 'Sidecars',
        description: 'Sidecars that were scraped just now.',
        unit: 'none',
        width: 4,
        queries: [{ expr: 'sum(outrigger_build_info)', legend: 'sidecars' }],
      }),
      stat({
        id: 2,
        title: 'Running since',
        description: 'The last start of any of them.',
        unit: 'dateTimeFromNow',
        width: 4,
        queries: [{ expr: `max(${ofOurs('process_start_time_seconds')}) * 1000`, legend: 'since' }],
      }),
      stat({
        id: 3,
        title: 'Bugs',
        description: 'Errors of the sidecar itself that were contained, over the time shown. Please report them.',
        unit: 'locale',
        width: 4,
        queries: [{ expr: grown('outrigger_bugs_total', []), legend: 'bugs' }],
        steps: [
          { from: null, color: 'green' },
          { from: 1, color: 'red' },
        ],
      }),
      stat({
        id: 4,
        title: 'Rejected configurations',
        description: 'New configurations that had a mistake, over the time shown. The sidecar went on with the last one that was right.',
        unit: 'locale',
        width: 4,
        queries: [{ expr: grown('outrigger_config_reloads_total', [], 'result="rejected"'), legend: 'rejected' }],
        steps: [
          { from: null, color: 'green' },
          { from: 1, color: 'orange' },
        ],
      }),
      stat({
        id: 5,
        title: 'Own overhead p50',
        description: 'What the sidecar adds to the time up to the head of an answer, in half of the calls.',
        unit: 's',
        width: 4,
        queries: [{ expr: quantile(0.5, 'outrigger_overhead_seconds', []), legend: 'p50' }],
      }),
      stat({
        id: 6,
        title: 'Own overhead p99',
        description: 'What the sidecar adds to the time up to the head of an answer, in 99 of 100 calls.',
        unit: 's',
        width: 4,
        queries: [{ expr: quantile(0.99, 'outrigger_overhead_seconds', []), legend: 'p99' }],
      }),
      curves({
        id: 10,
        title: 'CPU',
        description: 'Share of one core, by sidecar. One Node process uses little more than one.',
        unit: 'percentunit',
        queries: [{ expr: `sum by (instance) (${ofOurs('rate(process_cpu_seconds_total[$__rate_interval])')})`, legend: '{{instance}}' }],
      }),
      curves({
        id: 11,
        title: 'Memory',
        description: 'Resident memory of the process, and the part of it that is the heap of JavaScript.',
        unit: 'bytes',
        queries: [
          { expr: ofOurs('process_resident_memory_bytes'), legend: '{{instance}} resident' },
          { expr: ofOurs('nodejs_heap_size_used_bytes'), legend: '{{instance}} heap' },
        ],
      }),
      curves({
        id: 12,
        title: 'Event loop lag',
        description:
          'How late the process comes to its work: the 50th and the 99th percentile since the last scrape. Above 0.2 s every call suffers.',
        unit: 's',
        queries: [
          { expr: ofOurs('nodejs_eventloop_lag_p50_seconds'), legend: '{{instance}} p50' },
          { expr: ofOurs('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}} p99' },
        ],
      }),
      heatmap({
        id: 13,
        title: 'Own overhead',
        description: 'Calls by what the sidecar itself added to the time up to the head of the answer.',
        unit: 's',
        queries: [{ expr: perSecond('outrigger_overhead_seconds_bucket', ['le']), legend: '{{le}}' }],
      }),
      curves({
        id: 14,
        title: 'Garbage collection',
        description: 'Share of the time that goes into collecting garbage, by kind.',
        unit: 'percentunit',
        width: 6,
        queries: [
          {
            expr: `sum by (kind) (${ofOurs('rate(nodejs_gc_duration_seconds_sum[$__rate_interval])')})`,
            legend: '{{kind}}',
          },
        ],
      }),
      curves({
        id: 15,
        title: 'Open files and sockets',
        description: 'Descriptors of the process. Each call takes two sockets, and idle ones are kept for a while.',
        unit: 'none',
        width: 6,
        queries: [{ expr: ofOurs('process_open_fds'), legend: '{{instance}}' }],
      }),
      curves({
        id: 20,
        title: 'Configuration',
        description: 'New configurations that were read, by whether they took effect.',
        unit: 'ops',
        queries: [{ expr: perSecond('outrigger_config_reloads_total', ['result']), legend: '{{result}}' }],
      }),
      curves({
        id: 21,
        title: 'Lost telemetry',
        description:
          'What could not be told: lines of the log that nobody took, events that a subscriber failed on, spans, events of the live journal; and contained bugs.',
        unit: 'ops',
        queries: [
          { expr: perSecond('outrigger_log_dropped_total', []), legend: 'log lines' },
          { expr: perSecond('outrigger_journal_errors_total', ['subscriber']), legend: 'events of {{subscriber}}' },
          { expr: perSecond('outrigger_bugs_total', []), legend: 'bugs' },
          { expr: perSecond('outrigger_spans_dropped_total', ['reason']), legend: 'spans, {{reason}}' },
          { expr: perSecond('outrigger_event_stream_dropped_total', []), legend: 'events of the live journal' },
        ],
      }),
      curves({
        id: 22,
        title: 'Names counted as other',
        description: 'Names that callers chose beyond what telemetry.metrics allows. Their numbers are under the label other.',
        unit: 'ops',
        queries: [{ expr: perSecond('outrigger_label_overflow_total', ['label']), legend: '{{label}}' }],
      }),
      states({
        id: 30,
        title: 'Health',
        description: 'What each check of the health report says. Their limits are in the configuration.',
        unit: 'none',
        words: healthWords,
        queries: [{ expr: 'max by (check) (outrigger_health_status)', legend: '{{check}}' }],
      }),
      ...process,
      table({
        id: 23,
        title: 'What runs',
        description: 'Version of each sidecar and of the Node that it runs on.',
        unit: 'none',
        width: 24,
        height: 5,
        by: ['instance', 'version', 'node'],
        columns: [{ name: 'running', expr: 'sum by (instance, version, node) (outrigger_build_info)', unit: 'none' }],
      }),
    ],
  });
