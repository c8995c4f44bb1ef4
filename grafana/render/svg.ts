import { theme } from './theme.ts';

interface TextStyle {
  readonly size?: number;
  readonly color?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly weight?: 'normal' | 'bold';
}

/** A line of text at its baseline. */
export function text(
  x: number,
  y: number,
  content: string,
  { size = 11, color = theme.text, anchor = 'start', weight = 'normal' }: TextStyle = {},
): string {
  return `<text x="${x}" y="${y}" font-family="${theme.font}" font-size="${size}" font-weight="${weight}" fill="${color}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

/** A filled rectangle; nothing where it has no extent. */
export function rect(x: number, y: number, width: number, height: number, fill: string, more = ''): string {
  if (!(width > 0 && height > 0)) return '';
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}" ${more}/>`;
}

/** So much of a text as fits into that width. */
export function fitted(content: string, width: number, size = 11): string {
  const most = Math.floor(width / (size * 0.62));
  return content.length > most ? `${content.slice(0, Math.max(1, most - 1))}…` : content;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
