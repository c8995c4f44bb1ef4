import type { Event } from '../core/event.ts';
import type { CallInfo } from '../core/journal.ts';
import type { Observation } from './observation.ts';

type Told = Extract<Event, { kind: 'attempt-answered' }>;

/** What an event tells that rules may be on; undefined for most. Allocates for nothing else. */
export function observeEvent(event: Event, call: CallInfo | undefined): Observation | undefined {
  // Most events are nothing to rules.
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check
  switch (event.kind) {
    case 'circuit':
      return circuit(event, call);
    case 'attempt-answered':
      return event.verdict === 'ok' || event.origin === 'chaos' ? undefined : answered(event, call);
    case 'retry-given-up':
      if (event.why !== 'budget') return undefined;
      return { on: 'retry-budget-spent', upstream: event.upstream, summary: `retries after ${event.reason} were not made`, call };
    case 'fallback-exhausted':
      return { on: 'fallback-exhausted', upstream: event.upstream, summary: `after ${event.reason} no target had an answer`, call };
    case 'bulkhead-rejected':
      return { on: 'bulkhead-full', upstream: event.upstream, summary: `attempts were refused: ${event.reason}`, call };
    case 'loop-detected':
      return loop(event, call);
    case 'agent-paused':
      return { on: 'agent-paused', agent: event.agent, upstream: undefined, summary: event.reason, call };
    case 'agent-resumed':
      return { on: 'agent-paused', agent: event.agent, over: true, summary: event.note === '' ? 'resumed' : `resumed: ${event.note}` };
    case 'stream-broken':
      return { on: 'stream-broken', upstream: event.upstream, summary: `answers broke off on their way: ${event.verdict}`, call };
    case 'fault-injected':
      return { on: 'chaos-on', upstream: event.upstream, summary: `chaos injects faults such as ${event.fault}`, call };
    case 'config-reloaded':
      if (event.result === 'applied') return { on: 'config-rejected', over: true, summary: 'a valid configuration took effect' };
      return { on: 'config-rejected', summary: `${event.problems} problems in the new configuration; the one in force stays` };
    default:
      return undefined;
  }
}

function circuit(
  { upstream, model, from, to, why }: Extract<Event, { kind: 'circuit' }>,
  call: CallInfo | undefined,
): Observation | undefined {
  const fingerprint = model ?? '';
  const which = model === undefined ? upstream : `${upstream}/${model}`;
  if (to === 'open') return { on: 'circuit-open', upstream, fingerprint, summary: `the circuit of ${which} opened: ${why}`, call };
  if (to === 'closed' && from !== 'closed')
    return { on: 'circuit-closed', upstream, fingerprint, ends: 'circuit-open', summary: `the circuit of ${which} closed: ${why}` };
  return undefined;
}

function answered({ verdict, upstream, model, status }: Told, call: CallInfo | undefined): Observation | undefined {
  const which = model === undefined ? upstream : `${upstream}/${model}`;
  const facts = status === undefined ? [] : [{ name: 'status', value: String(status) }];
  if (verdict === 'quota-exhausted')
    return { on: 'quota-exhausted', upstream, summary: `${which} says that the quota is exhausted`, facts, call };
  if (verdict === 'auth') return { on: 'auth-failed', upstream, summary: `${which} refuses the credential`, facts, call };
  if (verdict === 'network') return { on: 'upstream-unreachable', upstream, summary: `${upstream} could not be reached`, facts, call };
  return undefined;
}

function loop({ loop: kind, action, count, tool }: Extract<Event, { kind: 'loop-detected' }>, call: CallInfo | undefined): Observation {
  const facts = [
    { name: 'loop', value: kind },
    { name: 'repeats', value: String(count) },
    { name: 'action', value: action },
    ...(tool === undefined ? [] : [{ name: 'tool', value: tool }]),
  ];
  const on = kind === 'cap' ? 'cap-reached' : 'loop-detected';
  const summary = kind === 'cap' ? 'the agent has reached a cap' : `the agent repeats itself (${kind}, ${count} times)`;
  return { on, upstream: call?.upstream, agent: call?.agent.name, fingerprint: kind, summary, facts, call };
}
