import { redact } from '../redact.ts';
import { said } from './attributes.ts';
import type { EndedCall, SpanEvent } from './call-spans.ts';
import type { FinishedSpan, SpanPlace } from './span-sink.ts';
import type { TimedEvent } from './traced-call.ts';

/** Methods that have a name of their own in the conventions. */
const knownMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
]);

/** As the conventions for HTTP write a method. */
export function methodAttribute(method: string): string {
  return knownMethods.has(method) ? method : '_OTHER';
}

/** The span of a whole call: what the agent asked of us, and what it was given. */
export function serverSpan(
  { call, trace, ended, why, tracer }: EndedCall,
  happened: readonly TimedEvent[],
  place: SpanPlace,
  events: SpanEvent[],
  wallMs: number,
): FinishedSpan {
  const { status, outcome, spent } = ended;
  const { parent, linked } = trace.identity;
  const failed = status >= 500 || outcome === 'upstream-error' || outcome === 'timeout';
  const committed = happened.find(({ event }) => event.kind === 'committed')?.event;
  const method = methodAttribute(call.method);
  // A call that no route matched has a word in its place.
  const route = call.route.startsWith('/') ? call.route : undefined;
  const [path, query] = tracer.terms.capture ? splitPath(trace.request?.path) : [];
  return {
    name: `${method === '_OTHER' ? 'HTTP' : method}${route === undefined ? '' : ` ${route}`}`,
    kind: 'server',
    place,
    parent: parent && { ...parent, remote: true },
    startMs: call.startedAt + wallMs,
    endMs: call.startedAt + ended.ms + wallMs,
    failed,
    attributes: [
      {
        'http.request.method': method,
        'http.route': route,
        'url.scheme': tracer.scheme,
        'url.path': path,
        'url.query': query,
        // A call that was cut before its head has no status that anybody saw.
        'http.response.status_code': committed ? status : undefined,
        'error.type': failed ? (status >= 500 ? String(status) : outcome) : undefined,
        'http.request.body.size': ended.requestBytes,
        'http.response.body.size': ended.responseBytes,
        'outrigger.id': call.id,
        'outrigger.agent': said(call.agent.name),
        'outrigger.session': said(call.session),
        'outrigger.upstream': call.upstream,
        'outrigger.outcome': outcome,
        'outrigger.attempts': said(call.ledger()),
        'outrigger.kept_for': why,
        'outrigger.overhead_ms': committed?.kind === 'committed' ? committed.overheadMs : undefined,
        'outrigger.cost_usd': spent?.costUsd,
      },
    ],
    events,
    droppedEvents: trace.droppedEvents,
    links: linked ? [{ place: { ...linked, remote: true }, attributes: { 'outrigger.link': 'http' } }] : [],
  };
}

function splitPath(target: string | undefined): [path: string | undefined, query: string | undefined] {
  const [path, query] = redact(target ?? '').split('?', 2);
  return [path === '' ? undefined : path, query];
}
