import { manyStreams } from './many-streams.ts';
import type { ScenarioName, ValueName, Values } from './measurement.ts';
import { median } from './statistics.ts';

/** The measurements that count: by scenario and target, one entry a round. Targets stand in the order of the tables' rows. */
export type Results = ReadonlyMap<ScenarioName, ReadonlyMap<string, readonly Values[]>>;

/** A value of one target: the median over the rounds, NaN where it has none. */
type Medians = (name: ValueName) => number;

interface Column {
  title: string;
  digits: number;
  cell: (own: Medians, direct: Medians, floor: Medians) => number;
}

interface Table {
  scenario: ScenarioName;
  title: string;
  columns: Column[];
}

const rateColumns = [
  column('requests/s', (own) => own('perSecond')),
  column('p50 µs', (own) => own('p50Us')),
  column('p99 µs', (own) => own('p99Us')),
  column('added p50 µs', (own, direct) => own('p50Us') - direct('p50Us')),
  column('added p99 µs', (own, direct) => own('p99Us') - direct('p99Us')),
  column('CPU µs/request', (own) => own('cpuUs')),
  column('x floor', (own, _direct, floor) => own('cpuUs') / floor('cpuUs'), 2),
];

const firstByteColumns = [
  column('first byte p50 µs', (own) => own('firstByteP50Us')),
  column('first byte p99 µs', (own) => own('firstByteP99Us')),
];

const tables: Table[] = [
  {
    scenario: 'saturation',
    title: 'Saturation: 32 connections, each asks again when it has its answer',
    columns: [
      column('CPU µs/request', (own) => own('cpuUs'), 1),
      column('x floor', (own, _direct, floor) => own('cpuUs') / floor('cpuUs'), 2),
      column('requests/s', (own) => own('perSecond')),
      column('peak MB', (own) => own('peakKilobytes') / 1024),
    ],
  },
  { scenario: 'rate-1000', title: 'Fixed rate: 1,000 requests/s', columns: rateColumns },
  { scenario: 'rate-200', title: 'Fixed rate: 200 requests/s', columns: rateColumns },
  {
    scenario: 'streams',
    title: 'Streams: 400 at a time, 50 events of 280 bytes each, 20 ms apart',
    columns: [
      column('CPU µs/event', (own) => own('cpuUs'), 1),
      column('x floor', (own, _direct, floor) => own('cpuUs') / floor('cpuUs'), 2),
      column('events/s', (own) => own('perSecond')),
      ...firstByteColumns,
      column('event p50 µs', (own) => own('p50Us')),
      column('event p99 µs', (own) => own('p99Us')),
    ],
  },
  {
    scenario: 'first-byte',
    title: 'First byte: 10 streams at a time, 8 events each, 20 ms apart',
    columns: [...firstByteColumns, column('added p50 µs', (own, direct) => own('firstByteP50Us') - direct('firstByteP50Us'))],
  },
  {
    scenario: 'memory',
    title: 'Memory: resident, before the first request and with 1,000 streams open',
    columns: [
      column('idle MB', (own) => own('idleKilobytes') / 1024),
      column('open MB', (own) => own('openKilobytes') / 1024),
      column('KB/stream', (own) => streamKilobytes(own, 1000), 1),
      column('x floor', (own, _direct, floor) => streamKilobytes(own, 1000) / streamKilobytes(floor, 1000), 2),
    ],
  },
  {
    scenario: 'many-streams',
    title: 'Many streams: 5,000 open, each an event a second',
    columns: [
      column('KB/stream', (own) => streamKilobytes(own, manyStreams), 1),
      column('open MB', (own) => own('openKilobytes') / 1024),
      column('loop delay p99 ms', (own) => own('loopDelayP99Ms'), 1),
      column('max ms', (own) => own('loopDelayMaxMs'), 1),
      column('events lost', (own) => own('lostEvents')),
      column('CPU µs/event', (own) => own('cpuUs'), 1),
      column('event p50 µs', (own) => own('p50Us')),
      column('event p99 µs', (own) => own('p99Us')),
    ],
  },
  {
    scenario: 'start',
    title: 'Start: to the first 200 of /readyz, on the default configuration',
    columns: [column('ms', (own) => own('startMs'))],
  },
];

/** A figure of a run: the median over its rounds, NaN where it was not measured. */
export type Figures = (scenario: ScenarioName, target: string, value: ValueName) => number;

/** The medians of results. */
export function figures(results: Results): Figures {
  return (scenario, target, value) => median((results.get(scenario)?.get(target) ?? []).map((values) => values[value] ?? Number.NaN));
}

/** The tables of a run as Markdown. `direct` and `floor` name the targets that "added" and "x floor" refer to. */
export function report(results: Results, direct: string, floor: string): string {
  const figure = figures(results);
  return tables
    .filter(({ scenario }) => results.has(scenario))
    .map(({ scenario, title, columns }) => {
      const medians = (target: string) => (name: ValueName) => figure(scenario, target, name);
      const rows = [...(results.get(scenario)?.keys() ?? [])].map((target) => [
        target,
        ...columns.map(({ cell, digits }) => format(cell(medians(target), medians(direct), medians(floor)), digits)),
      ]);
      return `### ${title}\n\n${markdownTable(['target', ...columns.map((each) => each.title)], rows)}`;
    })
    .join('\n\n');
}

/** A Markdown table with aligned columns: the first to the left, numbers to the right. */
export function markdownTable(head: string[], rows: string[][]): string {
  const widths = head.map((title, index) => Math.max(3, title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [head, rule, ...rows].map(line).join('\n');
}

/** The text with what stands between `<!-- name -->` and `<!-- /name -->` replaced. Throws where the markers are not there. */
export function replaceSection(text: string, name: string, section: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`there is no section between ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n${section}\n${text.slice(to)}`;
}

function column(title: string, cell: Column['cell'], digits = 0): Column {
  return { title, cell, digits };
}

/** What each of so many open streams has added, in kilobytes. */
function streamKilobytes(own: Medians, streams: number): number {
  return (own('openKilobytes') - own('idleKilobytes')) / streams;
}

/** A number with so many decimals, a dash where there is none. */
export function format(value: number, digits: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
