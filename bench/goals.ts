import { manyStreams } from './many-streams.ts';
import type { GrowthKind, ScenarioName, ValueName } from './measurement.ts';
import { type Figures, figures, format, markdownTable, type Results } from './report.ts';

type Sidecar = 'outrigger' | 'outrigger-everything';

/** What a figure has to be at most, or at least. */
interface Goal {
  figure: string;
  of: string;
  limit: number;
  atLeast?: boolean;
  unit: 'x' | 'ms' | 's' | 'KB' | 'MB' | 'events';
  digits: number;
  measured: (figure: Figures) => number;
}

const floor = 'passthrough';
const titles: Record<Sidecar, string> = { outrigger: 'default policies', 'outrigger-everything': 'everything on' };
const both: readonly Sidecar[] = ['outrigger', 'outrigger-everything'];

const goals: readonly Goal[] = [
  { ...cpuOver('outrigger', 'saturation', floor, 'at saturation, of the floor'), limit: 1.5 },
  { ...cpuOver('outrigger-everything', 'saturation', floor, 'at saturation, of the floor'), limit: 1.35 },
  { ...cpuOver('outrigger-everything', 'saturation', 'http-proxy', 'at saturation, of http-proxy as it comes'), limit: 0.55 },
  ...both.map((target) => ({ ...cpuOver(target, 'rate-1000', floor, 'at 1,000 requests/s, of the floor'), limit: 1.2 })),
  { ...cpuBelowPortkey('saturation', 'at saturation'), limit: 11 },
  { ...cpuBelowPortkey('rate-1000', 'at 1,000 requests/s'), limit: 4 },
  ...both.flatMap((target) => [addedP50(target, 'rate-200', '200'), addedP50(target, 'rate-1000', '1,000')]),
  ...both.map((target) => added(target, 'rate-200', 'p99Us', 'added p99 at 200 requests/s', 1.5)),
  ...both.map((target) => ({ ...cpuOver(target, 'streams', floor, ''), figure: 'CPU per event of a stream, of the floor', limit: 1.15 })),
  ...both.map((target) => added(target, 'first-byte', 'firstByteP50Us', 'added to the first byte of a stream, p50', 0.5)),
  ...both.flatMap((target) => [
    amount(target, 'each of 5,000 open streams', 55, 'KB', 1, (f) => opened(f, target) / manyStreams),
    amount(target, 'event loop late with 5,000 streams, p99', 15, 'ms', 1, (f) => f('many-streams', target, 'loopDelayP99Ms')),
    amount(target, 'events lost of 5,000 streams', 0, 'events', 0, (f) => f('many-streams', target, 'lostEvents')),
  ]),
  amount('outrigger', 'resident, idle, without traces', 85, 'MB', 0, (f) => megabytes(f, 'memory', 'outrigger', 'idleKilobytes')),
  amount('outrigger', 'resident, idle, without traces and without a build', 85, 'MB', 0, (f) =>
    megabytes(f, 'memory', 'outrigger-unbuilt', 'idleKilobytes'),
  ),
  amount('outrigger-everything', 'resident, idle, with traces and without a build', 110, 'MB', 0, (f) =>
    megabytes(f, 'memory', 'outrigger-everything-unbuilt', 'idleKilobytes'),
  ),
  amount('outrigger-everything', 'resident, idle, with traces', 110, 'MB', 0, (f) =>
    megabytes(f, 'memory', 'outrigger-everything', 'idleKilobytes'),
  ),
  ...both.map((target) =>
    amount(target, 'resident, peak at saturation', 170, 'MB', 0, (f) => megabytes(f, 'saturation', target, 'peakKilobytes')),
  ),
  amount('outrigger', 'resident, peak at saturation, without a build', 170, 'MB', 0, (f) =>
    megabytes(f, 'saturation', 'outrigger-unbuilt', 'peakKilobytes'),
  ),
  ...both.map((target) => ({ ...cpuOver(target, 'body-200', floor, 'with 200 kB of body, of the floor'), limit: 1.5 })),
  ...both.map((target) => tenTimesTheBody(target)),
  ...both.flatMap((target) => [grown(target, 'agents'), grown(target, 'sessions')]),
  grown('outrigger-everything', 'routes'),
  amount('outrigger', 'ready after its start', 1, 's', 2, (f) => f('start', 'outrigger', 'startMs') / 1000),
  amount('outrigger', 'ready after its start, without a build', 1, 's', 2, (f) => f('start', 'outrigger-unbuilt', 'startMs') / 1000),
];

/** What was aimed at, what was measured, and which goals are met, as Markdown; undefined where nothing of it was measured. */
export function goalsTable(results: Results): string | undefined {
  const figure = figures(results);
  const rows = goals
    .map((goal) => ({ ...goal, value: goal.measured(figure) }))
    .filter(({ value }) => Number.isFinite(value))
    .map(({ figure, of, limit, atLeast = false, unit, digits, value }) => {
      const met = atLeast ? value >= limit : value <= limit;
      return [
        `${of}: ${figure}`,
        `${atLeast ? '≥' : '≤'} ${limit} ${unit}`,
        `${format(value, digits)} ${unit}`,
        met ? 'met' : '**missed**',
      ];
    });
  return rows.length === 0 ? undefined : `### Against the goals\n\n${markdownTable(['figure', 'goal', 'measured', ''], rows)}`;
}

function cpuOver(target: Sidecar, scenario: ScenarioName, other: string, where: string): Omit<Goal, 'limit'> {
  const measured = (f: Figures) => f(scenario, target, 'cpuUs') / f(scenario, other, 'cpuUs');
  return { figure: `CPU per request ${where}`, of: titles[target], unit: 'x', digits: 2, measured };
}

function cpuBelowPortkey(scenario: ScenarioName, where: string): Omit<Goal, 'limit'> {
  const measured = (f: Figures) => f(scenario, 'portkey', 'cpuUs') / f(scenario, 'outrigger-everything', 'cpuUs');
  return {
    figure: `CPU per request ${where}, Portkey's of ours`,
    of: titles['outrigger-everything'],
    atLeast: true,
    unit: 'x',
    digits: 1,
    measured,
  };
}

function addedP50(target: Sidecar, scenario: ScenarioName, rate: string): Goal {
  const over = (f: Figures, name: string) => f(scenario, name, 'p50Us') - f(scenario, 'direct', 'p50Us');
  const figure = `added p50 at ${rate} requests/s, of what the floor adds`;
  return { figure, of: titles[target], limit: 1.15, unit: 'x', digits: 2, measured: (f) => over(f, target) / over(f, floor) };
}

function added(target: Sidecar, scenario: ScenarioName, value: ValueName, figure: string, limit: number): Goal {
  return amount(target, figure, limit, 'ms', 2, (f) => (f(scenario, target, value) - f(scenario, 'direct', value)) / 1000);
}

/** Ten times the body may cost ten times the CPU time, and a tenth more for noise. */
function tenTimesTheBody(target: Sidecar): Goal {
  const measured = (f: Figures) => f('body-2000', target, 'cpuUs') / f('body-200', target, 'cpuUs');
  return {
    figure: 'CPU per request with 2 MB of body, of that with 200 kB',
    of: titles[target],
    limit: 11,
    unit: 'x',
    digits: 1,
    measured,
  };
}

/** No growth: a tenth is noise. */
function grown(target: Sidecar, kind: GrowthKind): Goal {
  const measured = (f: Figures) => f(`${kind}-10000`, target, 'cpuUs') / f(`${kind}-10`, target, 'cpuUs');
  return { figure: `CPU per request with 10,000 ${kind}, of that with 10`, of: titles[target], limit: 1.1, unit: 'x', digits: 2, measured };
}

function amount(target: Sidecar, figure: string, limit: number, unit: Goal['unit'], digits: number, measured: Goal['measured']): Goal {
  return { figure, of: titles[target], limit, unit, digits, measured };
}

function opened(figure: Figures, target: Sidecar): number {
  return figure('many-streams', target, 'openKilobytes') - figure('many-streams', target, 'idleKilobytes');
}

function megabytes(figure: Figures, scenario: ScenarioName, target: string, value: ValueName): number {
  return figure(scenario, target, value) / 1024;
}
