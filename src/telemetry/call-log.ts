import type { Logger } from 'pino';
import type { CallOutcome, Event, EventKind } from '../core/event.ts';
import type { CallInfo, Subscriber } from '../core/journal.ts';
import type { CallSpent, Usage } from '../core/usage.ts';
import { traceOf } from './trace-of.ts';

export interface CallLogOptions {
  readonly logger: Logger;
  /** Whether every exchange gets a line; asked at the end of each. */
  readonly access: () => boolean;
}

/** Events that make an exchange worth a line. */
const noteworthy: ReadonlySet<EventKind> = new Set([
  'retry',
  'retry-given-up',
  'socket-resent',
  'timeout',
  'circuit',
  'circuit-refused',
  'bulkhead-rejected',
  'target-skipped',
  'fallback',
  'translated',
  'fallback-exhausted',
  'degraded',
  'loop-detected',
  'agent-paused',
  'fault-injected',
  'prompt-adjusted',
  'stream-broken',
  'bug',
]);

/** A stored answer stood in for an error. */
const savedByCache = 'cache stale';

/** Outcomes that a person should hear of; the rest are told at `info`. */
const alarming: ReadonlySet<CallOutcome> = new Set(['degraded', 'upstream-error', 'timeout', 'refused', 'paused']);

/**
 * Writes one line for each exchange in which something happened, at its end, and one for each change of a circuit, of the
 * configuration or of an agent's pause. No prompt, no path, no query string.
 */
export function createCallLog({ logger, access }: CallLogOptions): Subscriber {
  // Only calls in which something happened stand in it.
  const happenings = new WeakMap<CallInfo, Set<string>>();

  const remember = (call: CallInfo, what: string) => {
    const known = happenings.get(call);
    if (known) known.add(what);
    else happenings.set(call, new Set([what]));
  };

  return {
    name: 'call-log',
    on(event, call) {
      const happened = happening(event);
      if (call && happened !== undefined) remember(call, happened);
      if (event.kind !== 'call-ended') logLine(logger, event, call);
      else if (call) {
        const all = happenings.get(call);
        const quiet = event.outcome === 'ok' || event.outcome === 'cached';
        if (all || !quiet || access()) logExchange(logger, event, call, all);
      }
    },
  };
}

/** What an event is called in the line of its exchange; undefined where it is not worth one. */
function happening(event: Event): string | undefined {
  if (event.kind === 'would') {
    const what = happening(event.event);
    return what && `would ${what}`;
  }
  if (event.kind === 'cache') return event.result === 'stale' ? savedByCache : undefined;
  return noteworthy.has(event.kind) ? event.kind : undefined;
}

function logExchange(logger: Logger, event: Extract<Event, { kind: 'call-ended' }>, call: CallInfo, happened: Set<string> | undefined) {
  const { outcome, status, ms, requestBytes, responseBytes } = event;
  const facts = {
    id: call.id,
    ...traceOf(call),
    agent: call.agent.name,
    ...(call.session !== undefined && { session: call.session }),
    method: call.method,
    route: call.route,
    upstream: call.upstream,
    outcome,
    status,
    ms: Math.round(ms),
    requestBytes,
    responseBytes,
    ...(event.spent && spending(event.spent)),
    ledger: call.ledger(),
    ...(happened && { happened: [...happened] }),
  };
  if (alarming.has(outcome) || happened?.has('stream-broken') || happened?.has(savedByCache)) logger.warn(facts, 'exchange');
  else logger.info(facts, 'exchange');
}

/** Tokens by kind, what they cost, and those of no use by reason; what is 0 is left out. */
function spending({ usage, estimated, costUsd, unpriced, wasted }: CallSpent) {
  const inVain = new Map<string, number>();
  for (const { why, tokens } of wasted) inVain.set(why, (inVain.get(why) ?? 0) + tokens);
  return {
    ...(usage && { usage: counted(usage) }),
    ...(estimated && { estimated: counted(estimated) }),
    ...(costUsd !== undefined && { costUsd: Number(costUsd.toPrecision(6)) }),
    ...(unpriced > 0 && { unpriced }),
    ...(inVain.size > 0 && { wasted: Object.fromEntries(inVain) }),
  };
}

function counted(usage: Usage): Partial<Usage> {
  return Object.fromEntries(Object.entries(usage).filter(([, tokens]) => tokens > 0));
}

/** What gets a line of its own, whichever call it belongs to. */
function logLine(logger: Logger, event: Event, call: CallInfo | undefined) {
  if (event.kind === 'circuit') {
    const { upstream, from, to, why } = event;
    if (to === 'open') logger.warn({ upstream, from, to, why, ...idOf(call) }, 'circuit');
    else logger.info({ upstream, from, to, why, ...idOf(call) }, 'circuit');
  } else if (event.kind === 'config-reloaded') {
    if (event.result === 'applied') logger.info('configuration applied');
    else logger.error({ problems: event.problems }, 'configuration rejected, the one in force stays');
  } else if (event.kind === 'agent-paused') logger.warn({ agent: event.agent, reason: event.reason, ...idOf(call) }, 'agent paused');
  else if (event.kind === 'agent-resumed') logger.info({ agent: event.agent, note: event.note, ...idOf(call) }, 'agent resumed');
  else if (event.kind === 'incident') logIncident(logger, event);
  else if (event.kind === 'bug') logger.error({ err: event.error, ...idOf(call) }, 'bug contained');
}

function logIncident(logger: Logger, { id, on, change, severity, upstream, agent }: Extract<Event, { kind: 'incident' }>) {
  const facts = { incident: id, on, change, severity, ...(upstream !== undefined && { upstream }), ...(agent !== undefined && { agent }) };
  if (change === 'acknowledged' || change === 'resolved') logger.info(facts, 'incident');
  else logger.warn(facts, 'incident');
}

function idOf(call: CallInfo | undefined) {
  return call && { id: call.id, ...traceOf(call) };
}
