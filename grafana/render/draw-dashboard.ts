import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { filledIn } from '../verify/filled-in.ts';
import type { Prometheus, Range, Series } from '../verify/prometheus.ts';
import { drawCurves } from './draw-curves.ts';
import { drawBars, drawHeatmap, drawStat, drawStates, drawTable } from './draw-panels.ts';
import type { DrawnPanel, DrawnSeries } from './drawn-panel.ts';
import { fitted, rect, text } from './svg.ts';
import { theme } from './theme.ts';

const column = 50;
const line = 27;
const gap = 6;
const headHeight = 46;
/** Where a panel's drawing begins, below its title. */
const titleHeight = 26;

const drawings: Readonly<Record<string, (panel: DrawnPanel) => string>> = {
  timeseries: drawCurves,
  stat: drawStat,
  bargauge: drawBars,
  'state-timeline': drawStates,
  heatmap: drawHeatmap,
  table: drawTable,
};

/** A dashboard as SVG: its panels in their places, each with what Prometheus answers to its queries over a span of time. */
export async function drawDashboard(dashboard: Dashboard, prometheus: Pick<Prometheus, 'range'>, range: Range): Promise<string> {
  const panels = dashboard.panels ?? [];
  const height = headHeight + line * Math.max(...panels.map(({ gridPos }) => (gridPos?.y ?? 0) + (gridPos?.h ?? 0))) + gap;
  const width = 24 * column + gap;
  const drawn = await Promise.all(panels.map((panel) => drawPanel(panel, prometheus, range)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    rect(0, 0, width, height, theme.page),
    text(gap + 4, 29, dashboard.title ?? '', { size: 18, weight: 'bold' }),
    text(width - gap - 4, 29, 'drawn from the dashboard’s JSON and live data, not by Grafana', {
      size: 11,
      color: theme.faint,
      anchor: 'end',
    }),
    ...drawn,
    '</svg>',
  ].join('\n');
}

async function drawPanel(panel: Panel | RowPanel, prometheus: Pick<Prometheus, 'range'>, range: Range): Promise<string> {
  const { x, y, w, h } = panel.gridPos ?? { x: 0, y: 0, w: 0, h: 0 };
  const [left, top] = [gap + x * column, headHeight + y * line];
  const [width, height] = [w * column - gap, h * line - gap];
  const place = (inner: string) => `<svg x="${left}" y="${top}" width="${width}" height="${height}">${inner}</svg>`;
  if (!isPanel(panel)) return place(text(4, 16, panel.title ?? '', { size: 13, weight: 'bold' }));
  const draw = drawings[panel.type];
  if (!draw) throw new Error(`no drawing for a panel of type ${panel.type}`);
  const inside = draw({ ...(await answered(panel, prometheus, range)), width, height: height - titleHeight });
  const frame = rect(0.5, 0.5, width - 1, height - 1, theme.panel, `rx="3" stroke="${theme.border}"`);
  const title = text(8, 17, fitted(panel.title ?? '', width - 16, 12), { size: 12, weight: 'bold' });
  return place(`${frame}${title}<svg y="${titleHeight}" width="${width}" height="${height - titleHeight}">${inside}</svg>`);
}

async function answered(panel: Panel, prometheus: Pick<Prometheus, 'range'>, range: Range): Promise<Omit<DrawnPanel, 'width' | 'height'>> {
  const targets = (panel.targets ?? []) as unknown as { expr: string; legendFormat: string; instant?: boolean }[];
  const fillings = { rateInterval: 15, range: Math.ceil(range.end - range.start), interval: range.step };
  const answers = await Promise.all(
    targets.map(async ({ expr, legendFormat, instant }, query) => {
      const asked = instant ? { ...range, start: range.end } : range;
      return (await prometheus.range(filledIn(expr, fillings), asked)).map((series) => named(series, legendFormat, query));
    }),
  );
  const { defaults, overrides } = panel.fieldConfig ?? { defaults: {}, overrides: [] };
  const [mapping] = defaults.mappings ?? [];
  const stacking = (defaults.custom as { stacking?: { mode?: string } } | undefined)?.stacking?.mode;
  return {
    unit: defaults.unit ?? 'none',
    series: answers.flat(),
    start: range.start,
    end: range.end,
    stacked: stacking === 'normal',
    min: defaults.min,
    max: defaults.max,
    steps: defaults.thresholds?.steps ?? [],
    words: (mapping?.options ?? {}) as unknown as DrawnPanel['words'],
    columns: targets.map(({ legendFormat }) => ({ name: legendFormat, unit: unitOf(overrides, legendFormat) ?? 'none' })),
  };
}

function unitOf(overrides: NonNullable<Panel['fieldConfig']>['overrides'], name: string): string | undefined {
  const unit: unknown = overrides.find(({ matcher }) => matcher.options === name)?.properties.find(({ id }) => id === 'unit')?.value;
  return typeof unit === 'string' ? unit : undefined;
}

/** Fills the labels into a legend such as `{{upstream}}`. */
function named({ metric, values }: Series, legend: string, query: number): DrawnSeries {
  const { __name__: _, ...labels } = metric;
  const name = legend.replaceAll(/\{\{(\w+)\}\}/g, (_whole, label: string) => metric[label] ?? '');
  return { name, query, labels, points: values.map(([time, value]) => [time, Number(value.replace('Inf', 'Infinity'))]) };
}

function isPanel(panel: Panel | RowPanel): panel is Panel {
  return panel.type !== 'row';
}
