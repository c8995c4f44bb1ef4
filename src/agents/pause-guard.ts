import { type Exchange, type Handler, withChanges } from '../core/exchange.ts';
import { failure } from '../core/failure.ts';
import { isoTime } from '../core/iso-time.ts';
import type { Failure, Outcome } from '../core/outcome.ts';
import type { Policy } from '../core/policy.ts';
import { agentId } from './agent-id.ts';
import type { Agents } from './agents.ts';

/**
 * Refuses the calls of agents that are paused, whatever else the policies of a route say, and gives the note that came with
 * an agent's release to its model, once.
 */
export function createPauseGuard(agents: Agents): Policy {
  return {
    name: 'pause',
    run(exchange, next) {
      if (!agents.pauses.any && !agents.anyNote) return next(exchange);
      const { name, principal = '' } = exchange.agent;
      if (agents.pauses.of(name, principal)) return Promise.resolve(pausedFailure(agents, name, principal));
      return agents.anyNote ? withNote(agents, exchange, next) : next(exchange);
    },
    inspect: () => ({ paused: agents.pauses.all().map(({ agent, principal }) => agentId(agent, principal)) }),
  };
}

/** What a paused agent is told. */
export function pausedFailure(agents: Agents, name: string, principal: string): Failure {
  const pause = agents.pauses.of(name, principal);
  const since = pause ? ` since ${isoTime(pause.sinceMs)}` : '';
  const why = pause ? ` because ${pause.by === 'loop' ? pause.reason : `a person stopped it: ${pause.reason}`}` : '';
  const id = agentId(name, pause?.principal === principal ? principal : '');
  return failure('agent_paused', `The agent ${name} is paused${since}${why}. A person can let it go on: outrigger resume ${id}`);
}

async function withNote(agents: Agents, exchange: Exchange, next: Handler): Promise<Outcome> {
  const { request, dialect } = exchange;
  if (request.upgrade !== undefined || (await request.call()).kind !== 'llm' || !(await request.body.whole())) return next(exchange);
  const { name, principal = '' } = exchange.agent;
  const note = agents.takeNote(name, principal);
  if (!note) return next(exchange);
  const hinted = dialect.hint(request, `A person let you go on after a pause and says: ${note.text}`);
  const outcome = await next(hinted ? withChanges(exchange, { request: hinted }) : exchange);
  // Nobody has read it.
  if (!hinted || (outcome.kind !== 'tunnel' && outcome.verdict !== 'ok')) agents.giveBack(note);
  return outcome;
}
