import type { RawHeaders } from '../core/headers.ts';

/** The fields of a request that tell who sends it, as they were sent. */
export interface CallerFields {
  agent: string | undefined;
  session: string | undefined;
  credential: string | undefined;
  userAgent: string | undefined;
  originator: string | undefined;
  clientSession: string | undefined;
  /** One of several conversations of a session. */
  thread: string | undefined;
}

/** Where each is sent; of several that mean the same, the first that stands in a request. */
const places: ReadonlyMap<string, keyof CallerFields> = new Map([
  ['x-outrigger-agent', 'agent'],
  ['x-outrigger-session', 'session'],
  ['authorization', 'credential'],
  ['x-api-key', 'credential'],
  ['api-key', 'credential'],
  ['x-goog-api-key', 'credential'],
  ['user-agent', 'userAgent'],
  ['originator', 'originator'],
  ['x-claude-code-session-id', 'clientSession'],
  ['thread-id', 'thread'],
  ['session-id', 'clientSession'],
  ['x-session-id', 'clientSession'],
  ['mcp-session-id', 'clientSession'],
]);

/** Lengths of their names: most fields of a request are passed by without a look at the rest. */
const lengths: ReadonlySet<number> = new Set([...places.keys()].map(({ length }) => length));

/** Finds the fields in one pass over a request's head: this runs for every call. */
export function callerFields(headers: RawHeaders): CallerFields {
  const found: CallerFields = {
    agent: undefined,
    session: undefined,
    credential: undefined,
    userAgent: undefined,
    originator: undefined,
    clientSession: undefined,
    thread: undefined,
  };
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (!lengths.has(name.length)) continue;
    const place = places.get(name.toLowerCase());
    if (place !== undefined) found[place] ??= headers[at + 1];
  }
  return found;
}
