/** Colours of the pictures: Grafana's dark theme, more or less. */
export const theme = {
  page: '#111217',
  panel: '#181b1f',
  border: '#2c3235',
  text: '#ccccdc',
  faint: '#8e8ea0',
  grid: '#2a2d33',
  font: 'DejaVu Sans, sans-serif',
  series: [
    '#73bf69',
    '#5794f2',
    '#f2cc0c',
    '#ff9830',
    '#b877d9',
    '#8ab8ff',
    '#f2495c',
    '#96d98d',
    '#fade2a',
    '#ca95e5',
    '#56d9d9',
    '#c4162a',
  ],
  named: { green: '#73bf69', orange: '#ff9830', red: '#f2495c', blue: '#5794f2', purple: '#b877d9' } as Readonly<Record<string, string>>,
} as const;

/** The colour that Grafana means by a name. */
export function colorOf(name: string): string {
  return theme.named[name] ?? name;
}
