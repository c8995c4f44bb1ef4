import { type DrawnPanel, lastOf, stepColor } from './drawn-panel.ts';
import { formatValue } from './format-value.ts';
import { fitted, rect, text } from './svg.ts';
import { colorOf, theme } from './theme.ts';

/** Wide enough for the names of rows. */
const namesWidth = 96;

/** The number of now of each series, with its course behind it. */
export function drawStat({ width, height, series, unit, steps }: DrawnPanel): string {
  const each = width / Math.max(series.length, 1);
  return series
    .map((one, index) => {
      const value = lastOf(one);
      const color = colorOf(stepColor(steps, value));
      const shown = formatValue(value, unit);
      const size = Math.min(28, (each - 16) / (shown.length * 0.62));
      const number = text(each / 2, height * 0.58, shown, { size, color, anchor: 'middle', weight: 'bold' });
      const name = series.length > 1 ? text(each / 2, 14, fitted(one.name, each - 8), { anchor: 'middle' }) : '';
      return `<svg x="${index * each}" width="${each}" height="${height}">${spark(one.points, each, height, color)}${number}${name}</svg>`;
    })
    .join('');
}

/** A bar for each series. */
export function drawBars({ width, height, series, unit, steps }: DrawnPanel): string {
  const rows = series.map((one) => ({ name: one.name, value: lastOf(one) })).sort((a, b) => b.value - a.value);
  const most = Math.max(...rows.map(({ value }) => value), 0) || 1;
  const rowHeight = Math.min(26, (height - 8) / Math.max(rows.length, 1));
  const barWidth = width - namesWidth - 84;
  return rows
    .map(({ name, value }, index) => {
      const y = 4 + index * rowHeight;
      const color = steps.length > 1 ? colorOf(stepColor(steps, value)) : (theme.series[index % theme.series.length] ?? theme.text);
      return [
        text(namesWidth, y + rowHeight / 2 + 4, fitted(name, namesWidth - 8), { anchor: 'end' }),
        rect(namesWidth + 8, y + 3, barWidth, rowHeight - 6, theme.grid),
        rect(namesWidth + 8, y + 3, (barWidth * Math.max(0, value)) / most, rowHeight - 6, color),
        text(width - 8, y + rowHeight / 2 + 4, formatValue(value, unit), { anchor: 'end' }),
      ].join('');
    })
    .join('');
}

/** A coloured line for each series, in which its words change. */
export function drawStates({ width, height, series, words, start, end }: DrawnPanel): string {
  const rowHeight = Math.min(30, (height - 40) / Math.max(series.length, 1));
  const area = width - namesWidth - 20;
  const at = (time: number) => namesWidth + 8 + ((time - start) / (end - start)) * area;
  const rows = [...series]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name, points }, index) => {
      const y = 4 + index * rowHeight;
      const pieces = points.map(([time, value], i) => {
        const until = points[i + 1]?.[0] ?? time;
        const color = colorOf(words[String(value)]?.color ?? theme.faint);
        return rect(at(time), y + 2, at(until) - at(time) + 0.5, rowHeight - 4, color, 'opacity="0.85"');
      });
      return text(namesWidth, y + rowHeight / 2 + 4, fitted(name, namesWidth - 8), { anchor: 'end' }) + pieces.join('');
    });
  const legend = Object.values(words).map(
    ({ text: word, color }, index) =>
      rect(10 + index * 90, height - 12, 12, 4, colorOf(color)) + text(27 + index * 90, height - 7, word, { size: 10 }),
  );
  return rows.join('') + timeAxis(at, start, end, height - 22) + legend.join('');
}

/** Cells by time and bucket, the brighter the more observations. Buckets that hold none at all are left out at both ends. */
export function drawHeatmap({ width, height, series, unit, start, end }: DrawnPanel): string {
  const buckets = series
    .map(({ labels, points }) => ({ le: Number(labels['le']?.replace('+Inf', 'Infinity')), points }))
    .sort((a, b) => a.le - b.le);
  const rows = buckets.map(({ le, points }, index) => {
    const below = new Map(buckets[index - 1]?.points ?? []);
    return { le, cells: points.map(([time, value]) => [time, Math.max(0, value - (below.get(time) ?? 0))] as const) };
  });
  const isFilled = ({ cells }: (typeof rows)[number]) => cells.some(([, value]) => value > 1e-9);
  const shown = rows.slice(Math.max(0, rows.findIndex(isFilled)), rows.findLastIndex(isFilled) + 1);
  const most = Math.max(...shown.flatMap(({ cells }) => cells.map(([, value]) => value)), 1e-9);
  const rowHeight = (height - 30) / Math.max(shown.length, 1);
  const area = width - namesWidth - 20;
  const at = (time: number) => namesWidth + 8 + ((time - start) / (end - start)) * area;
  const drawn = shown.map(({ le, cells }, index) => {
    const y = height - 26 - (index + 1) * rowHeight;
    const name = le === Number.POSITIVE_INFINITY ? 'more' : formatValue(le, unit);
    const columns = cells
      .filter((_, i) => i % 2 === 0)
      .map(([time, value]) =>
        value > 1e-9
          ? rect(
              at(time),
              y + 0.5,
              area / (cells.length / 2),
              rowHeight - 1,
              '#ff9830',
              `opacity="${(0.12 + 0.88 * Math.sqrt(value / most)).toFixed(2)}"`,
            )
          : '',
      );
    return text(namesWidth, y + rowHeight / 2 + 4, name, { size: 10, color: theme.faint, anchor: 'end' }) + columns.join('');
  });
  return drawn.join('') + timeAxis(at, start, end, height - 10);
}

/** Rows of labels and numbers, the largest of the first number on top. */
export function drawTable({ width, height, series, columns }: DrawnPanel): string {
  const labels = [...new Set(series.flatMap((one) => Object.keys(one.labels)))];
  const rows = Map.groupBy(series, (one) => labels.map((label) => one.labels[label] ?? '').join('\n'));
  const numbersOf = (all: DrawnPanel['series']) =>
    columns.map((_, query) => all.filter((one) => one.query === query).map(lastOf)[0] ?? Number.NaN);
  const body = [...rows.entries()]
    .map(([key, all]) => ({ names: key.split('\n'), numbers: numbersOf(all) }))
    .sort((a, b) => (b.numbers[0] ?? 0) - (a.numbers[0] ?? 0));
  const cell = (width - 16) / (labels.length + columns.length);
  const line = (y: number, words: readonly string[], color: string) =>
    words
      .map((word, index) =>
        text(index < labels.length ? 8 + index * cell : 8 + (index + 1) * cell - 10, y, fitted(word, cell - 12), {
          color,
          anchor: index < labels.length ? 'start' : 'end',
        }),
      )
      .join('');
  const most = Math.floor((height - 24) / 20);
  return [
    line(14, [...labels, ...columns.map(({ name }) => name)], theme.named['blue'] ?? theme.text),
    ...body.slice(0, most).map(({ names, numbers }, index) => {
      const shown = numbers.map((number, column) => formatValue(number, columns[column]?.unit ?? 'none'));
      return rect(8, 20 + index * 20, width - 16, 1, theme.grid) + line(35 + index * 20, [...names, ...shown], theme.text);
    }),
  ].join('');
}

function spark(points: DrawnPanel['series'][number]['points'], width: number, height: number, color: string): string {
  const finite = points.filter(([, value]) => Number.isFinite(value));
  const [most, first, last] = [Math.max(...finite.map(([, value]) => value), 0) || 1, finite[0]?.[0] ?? 0, finite.at(-1)?.[0] ?? 0];
  if (last === first) return '';
  const path = finite.map(
    ([time, value]) =>
      `${(((time - first) / (last - first)) * width).toFixed(1)},${(height - (Math.max(0, value) / most) * height * 0.3).toFixed(1)}`,
  );
  return `<polygon points="0,${height} ${path.join(' ')} ${width},${height}" fill="${color}" opacity="0.18"/>`;
}

function timeAxis(at: (time: number) => number, start: number, end: number, y: number): string {
  return [0.1, 0.37, 0.63, 0.9]
    .map((part) => start + part * (end - start))
    .map((time) => text(at(time), y, new Date(time * 1000).toISOString().slice(11, 19), { size: 10, color: theme.faint, anchor: 'middle' }))
    .join('');
}
