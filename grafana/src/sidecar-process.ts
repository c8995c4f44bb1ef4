import type { Piece } from './panel-facts.ts';
import { curves, stat } from './panels.ts';
import { quantile } from './promql.ts';

/** What a sidecar holds and how it is configured, on the dashboard Sidecar health. */
export const process: readonly Piece[] = [
  curves({
    id: 31,
    title: 'Event loop in use',
    description: 'Share of its time that the event loop is busy. Near 100 % calls wait for each other.',
    unit: 'percentunit',
    max: 1,
    width: 6,
    queries: [{ expr: 'max by (instance) (outrigger_event_loop_utilization_ratio)', legend: '{{instance}}' }],
  }),
  curves({
    id: 32,
    title: 'Disk of the state directory',
    description: 'How much of it is free, and how large it is.',
    unit: 'bytes',
    width: 6,
    queries: [
      { expr: 'min by (instance) (outrigger_disk_free_bytes)', legend: '{{instance}} free' },
      { expr: 'min by (instance) (outrigger_disk_size_bytes)', legend: '{{instance}} size' },
    ],
  }),
  curves({
    id: 33,
    title: 'Connections to upstreams',
    description: 'Open connections, tunnels included. They are kept for a while after a call.',
    unit: 'none',
    queries: [{ expr: 'sum by (upstream) (outrigger_upstream_connections)', legend: '{{upstream}}' }],
  }),
  curves({
    id: 34,
    title: 'Size of bodies',
    description: 'Nineteen of twenty bodies were smaller than this.',
    unit: 'bytes',
    queries: [
      { expr: quantile(0.95, 'outrigger_request_body_bytes', []), legend: 'from agents' },
      { expr: quantile(0.95, 'outrigger_response_body_bytes', []), legend: 'to agents' },
    ],
  }),
  curves({
    id: 35,
    title: 'Scrapes',
    description: 'How long it takes to write /metrics. In this time the process does other things too.',
    unit: 's',
    queries: [{ expr: 'max by (instance) (outrigger_metrics_scrape_seconds)', legend: '{{instance}}' }],
  }),
  stat({
    id: 36,
    title: 'Configurations in force',
    description: 'More than one: not all sidecars have the same.',
    unit: 'none',
    width: 8,
    queries: [{ expr: 'count(count by (hash) (outrigger_config_info > 0))', legend: 'configurations' }],
    steps: [
      { from: null, color: 'green' },
      { from: 2, color: 'orange' },
    ],
  }),
  stat({
    id: 37,
    title: 'Configuration taken',
    description: 'When the latest configuration was put in force.',
    unit: 'dateTimeFromNow',
    width: 8,
    queries: [{ expr: 'max(outrigger_config_last_reload_timestamp_seconds) * 1000', legend: 'taken' }],
  }),
  stat({
    id: 38,
    title: 'Readers of the live journal',
    description: 'Pages and programs that follow the calls live.',
    unit: 'none',
    width: 8,
    queries: [{ expr: 'sum(outrigger_event_stream_clients)', legend: 'readers' }],
  }),
];
