import type { RawHeaders } from '../core/headers.ts';

/** What a simulated server was asked. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: Uint8Array | undefined;
}

/** An answer as it is going to be given: what there is of it, and when it comes. Times are milliseconds. */
export interface Script {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly chunks: readonly Uint8Array[];
  /** Before the head and the first chunk. */
  readonly headMs: number;
  /** Between the first chunk and the second, and between any two after them. */
  readonly firstMs: number;
  readonly betweenMs: number;
  /** Behind the last chunk: `cut` breaks the connection, `silence` leaves it open. `reset` breaks it in place of an answer. */
  readonly end: 'whole' | 'cut' | 'silence' | 'reset';
}

/** How fast a simulated model is; milliseconds. */
export type Pace = Pick<Script, 'headMs' | 'firstMs' | 'betweenMs'>;

/** An answer that is there as a whole. */
export function wholeScript(status: number, body: unknown, headMs = 0, headers: RawHeaders = []): Script {
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    status,
    headers: ['content-type', 'application/json', 'content-length', String(bytes.byteLength), ...headers],
    chunks: [bytes],
    headMs,
    firstMs: 0,
    betweenMs: 0,
    end: 'whole',
  };
}

/** A stream of events. */
export function eventScript(chunks: readonly Uint8Array[], pace: Pace): Script {
  return { status: 200, headers: ['content-type', 'text/event-stream'], chunks, ...pace, end: 'whole' };
}
