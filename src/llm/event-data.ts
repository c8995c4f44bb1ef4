import { eventLimitBytes } from './sse.ts';
import { standsAt } from './tokens.ts';

const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Whether the event was longer than what is looked at, so that its end is missing here. */
export function isCut(data: Buffer): boolean {
  // Of a cut line the field name and the colon are not data.
  return data.length > eventLimitBytes - 16;
}

/** Whether the data begins and ends as a JSON object does: a cheap sign that it is not torn. */
export function looksWhole(data: Buffer): boolean {
  if (data[0] !== openBrace) return false;
  let last = data.length - 1;
  while (last > 0 && (data[last] as number) <= 0x20) last -= 1;
  return data[last] === closeBrace || isCut(data);
}

/** The type of an event: its name, or the `type` that its data begins with; empty where neither is there. */
export function eventType(data: Buffer, name: string): string {
  if (name !== '' && name !== 'message') return name;
  const start = standsAt(data, 0, '{"type":"') ? 9 : standsAt(data, 0, '{"type": "') ? 10 : 0;
  if (start === 0) return '';
  const end = data.indexOf(0x22, start);
  return end < 0 ? '' : data.toString('latin1', start, end);
}
