import * as echarts from 'echarts';
import type { DrawnPanel } from './drawn-panel.ts';
import { formatValue } from './format-value.ts';
import { rect, text } from './svg.ts';
import { theme } from './theme.ts';

const lineHeight = 14;
/** The legend has no more lines than these. */
const mostLines = 3;

/** Curves over time as SVG, by echarts, with a legend below. */
export function drawCurves(panel: DrawnPanel): string {
  const { width, height, series } = panel;
  const shown = [...series].sort((a, b) => a.name.localeCompare(b.name));
  const lines = legendLines(
    shown.map(({ name }) => name),
    width - 16,
  );
  const legendHeight = lines.length * lineHeight + 4;
  const legend = lines.flatMap((entries, row) =>
    entries.map(({ x, name, index }) => {
      const y = height - legendHeight + row * lineHeight + 10;
      return rect(8 + x, y - 5, 10, 3, colorAt(index)) + text(22 + x, y, name, { size: 10 });
    }),
  );
  return drawChart({ ...panel, series: shown, height: height - legendHeight }) + legend.join('');
}

function drawChart({ width, height, series, unit, stacked, min, max, start, end }: DrawnPanel): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  const times = [...new Set(series.flatMap(({ points }) => points.map(([time]) => time)))].sort((a, b) => a - b);
  const axisLabel = { color: theme.faint, fontSize: 10 };
  chart.setOption({
    animation: false,
    color: [...theme.series],
    textStyle: { fontFamily: theme.font },
    grid: { left: 62, right: 14, top: 8, bottom: 20 },
    xAxis: {
      type: 'value',
      min: start,
      max: end,
      interval: (end - start) / (width > 400 ? 6 : 3),
      axisLabel: { ...axisLabel, showMinLabel: false, showMaxLabel: false, formatter: clock },
      axisLine: { lineStyle: { color: theme.grid } },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max, interval: max / 4 }),
      splitNumber: 4,
      axisLabel: { ...axisLabel, formatter: (value: number) => formatValue(value, unit) },
      splitLine: { lineStyle: { color: theme.grid } },
    },
    series: series.map(({ name, points }) => {
      const known = new Map(points);
      // What is stacked must have a value wherever another one has.
      const missing = stacked ? 0 : '-';
      const data = times.map((time) => [time, Number.isFinite(known.get(time)) ? known.get(time) : missing]);
      const area = stacked ? { stack: 'all', areaStyle: { opacity: 0.55 } } : { areaStyle: { opacity: 0.06 } };
      return { name, type: 'line' as const, showSymbol: false, lineStyle: { width: 1.2 }, ...area, data };
    }),
  });
  const svg = chart.renderToSVGString();
  // It would keep the process alive.
  chart.dispose();
  return svg;
}

interface Entry {
  readonly x: number;
  readonly name: string;
  readonly index: number;
}

function legendLines(names: readonly string[], width: number): Entry[][] {
  const lines: Entry[][] = [[]];
  let x = 0;
  for (const [index, name] of names.entries()) {
    const entryWidth = 26 + name.length * 6.2;
    if (x > 0 && x + entryWidth > width) {
      if (lines.length === mostLines) break;
      lines.push([]);
      x = 0;
    }
    lines.at(-1)?.push({ x, name, index });
    x += entryWidth;
  }
  return lines;
}

function colorAt(index: number): string {
  return theme.series[index % theme.series.length] ?? theme.text;
}

function clock(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(11, 19);
}
