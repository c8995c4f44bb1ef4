import type { ServerResponse } from 'node:http';
import type { RawHeaders } from '../core/headers.ts';

/** Hands a 103 on to the agent. Node takes early hints as names with values and sends them where a Link is among them. */
export function writeEarlyHints(response: ServerResponse, headers: RawHeaders): void {
  if (response.headersSent || response.closed || response.req.httpVersion !== '1.1') return;
  const hints: Record<string, string | string[]> = {};
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    const before = hints[name];
    const value = headers[i + 1] as string;
    hints[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  try {
    response.writeEarlyHints(hints);
  } catch {
    // Node refuses Link values that it cannot read; a hint is only a hint.
  }
}
