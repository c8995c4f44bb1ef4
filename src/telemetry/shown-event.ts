import type { Event, EventKind } from '../core/event.ts';
import { isoTime } from '../core/iso-time.ts';
import type { CallInfo } from '../core/journal.ts';
import { redact, redactValue } from './redact.ts';

type KeyOf<Union> = Union extends unknown ? keyof Union : never;

/**
 * What of an event may be shown: `plain` numbers and words of the code and the configuration, `text` that others have had a
 * part in and that is searched for credentials, `hidden` what may hold words of a prompt. Every field there is must be here.
 */
const fields = {
  kind: 'plain',
  attempt: 'plain',
  upstream: 'plain',
  model: 'text',
  verdict: 'plain',
  origin: 'plain',
  status: 'plain',
  ms: 'plain',
  phase: 'plain',
  bytes: 'plain',
  complete: 'plain',
  gaps: 'hidden',
  usage: 'plain',
  estimated: 'plain',
  costUsd: 'plain',
  spent: 'text',
  reason: 'text',
  sent: 'plain',
  received: 'plain',
  closed: 'plain',
  pausedMs: 'plain',
  waitMs: 'plain',
  source: 'plain',
  why: 'text',
  afterMs: 'plain',
  from: 'text',
  to: 'text',
  maxTokens: 'plain',
  retryAfterMs: 'plain',
  result: 'plain',
  ageMs: 'plain',
  spared: 'text',
  message: 'plain',
  loop: 'plain',
  action: 'plain',
  count: 'plain',
  tool: 'text',
  agent: 'text',
  // It is written to the model.
  note: 'hidden',
  fault: 'plain',
  adjustment: 'plain',
  detail: 'text',
  overheadMs: 'plain',
  streamed: 'plain',
  outcome: 'plain',
  requestBytes: 'plain',
  responseBytes: 'plain',
  problems: 'plain',
  id: 'plain',
  on: 'plain',
  change: 'plain',
  severity: 'plain',
  // Anything may be in its message.
  error: 'hidden',
  event: 'plain',
} as const satisfies Record<KeyOf<Event>, 'plain' | 'text' | 'hidden'>;

/** An event as it may leave the process, and what it can be chosen by. */
export interface ShownEvent {
  readonly kind: EventKind;
  readonly agent: string | undefined;
  /** The upstreams that it is about, that of the call's route among them. */
  readonly upstreams: readonly string[];
  readonly json: string;
}

/** An event without secrets and without a word of a prompt. `wallMs` is now, since the Unix epoch. */
export function shownEvent(event: Event, call: CallInfo | undefined, wallMs: number): ShownEvent {
  const { agent = call?.agent.name, upstream, from, to } = event as { agent?: string; upstream?: string; from?: string; to?: string };
  const named = [upstream, call?.upstream, ...(event.kind === 'fallback' ? [from, to] : [])];
  return {
    kind: event.kind,
    agent,
    upstreams: named.filter((name) => name !== undefined),
    json: JSON.stringify({ time: isoTime(wallMs), ...(call && { call: shownCall(call) }), ...shownFields(event) }),
  };
}

function shownCall({ id, agent, session, route, upstream, method }: CallInfo) {
  return { id, agent: redact(agent.name), ...(session !== undefined && { session: redact(session) }), route, upstream, method };
}

function shownFields(event: Event): object {
  if (event.kind === 'would') return { kind: event.kind, attempt: event.attempt, event: shownFields(event.event) };
  const entries = Object.entries(event).flatMap(([key, value]) => {
    const how = Object.hasOwn(fields, key) ? fields[key as keyof typeof fields] : 'hidden';
    if (how === 'hidden' || value === undefined) return [];
    return [[key, how === 'text' ? redactValue(value) : value] as const];
  });
  return Object.fromEntries(entries);
}
