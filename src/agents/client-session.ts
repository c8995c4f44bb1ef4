import { headerValue, type RawHeaders } from '../core/headers.ts';

/** Fields in which clients name their session, in the order of how much they tell. */
const fields = ['x-claude-code-session-id', 'thread-id', 'session-id', 'x-session-id', 'mcp-session-id'] as const;

/** The id of a session that a client sends by itself, with the name of its field; undefined where it sends none. */
export function clientSession(headers: RawHeaders): string | undefined {
  for (const name of fields) {
    const value = headerValue(headers, name);
    if (value !== undefined && value !== '') return `${name} ${value.slice(0, 200)}`;
  }
  return undefined;
}
