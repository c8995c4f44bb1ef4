import { z } from 'zod';
import { AdminError } from './admin/admin-error.ts';
import { type AdminRoute, json } from './admin/route.ts';
import { isAgentName } from './agents/agent-id.ts';
import type { Agents } from './agents/agents.ts';
import type { AgentDirectory } from './agents/directory.ts';
import { anyPrincipal, type Pause } from './agents/pauses.ts';
import type { Clock } from './core/clock.ts';
import type { Journal } from './core/journal.ts';
import { redactValue } from './telemetry/redact.ts';

/** Longest reason or note of a person. */
const longest = 500;
const pauseBody = z.strictObject({ reason: z.string().trim().min(1).max(longest) });
const resumeBody = z.strictObject({ note: z.string().trim().max(longest).optional() });

export interface AgentsApi {
  readonly agents: Agents;
  readonly directory: AgentDirectory;
  readonly journal: Journal;
  readonly clock: Clock;
}

/**
 * `/api/agents`: shows the agents, pauses them and lets them go on. An id stands for one agent, a name for all of that name. What was done holds at once; the
 * answer comes when the disk has it, or says by `stored: false` that it ends with this process.
 */
export function agentRoutes({ agents, directory, journal, clock }: AgentsApi): AdminRoute[] {
  const shown = (id: string) => {
    const found = directory.find(id);
    if (found.length === 0) throw new AdminError('not_found', `no agent ${id} has called and none is paused`);
    return found;
  };
  return [
    { method: 'GET', path: '/api/agents', handle: () => shownJson({ agents: directory.list() }) },
    { method: 'GET', path: '/api/agents/{id}', handle: ({ params }) => shownJson({ agents: shown(params['id'] ?? '') }) },
    {
      method: 'POST',
      path: '/api/agents/{id}/pause',
      async handle({ params, body }) {
        const { reason } = read(pauseBody, body, 'a JSON object with a reason, such as {"reason": "spends too much"}');
        const pause = pauseOf(params['id'] ?? '', reason, directory, clock.wall());
        if (agents.pauses.add(pause)) journal.publish({ kind: 'agent-paused', attempt: 0, agent: pause.agent, reason });
        return shownJson({ stored: await agents.pauses.stored(), agents: shown(params['id'] ?? '') });
      },
    },
    {
      method: 'POST',
      path: '/api/agents/{id}/resume',
      async handle({ params, body }) {
        const { note } = read(resumeBody, body, 'a JSON object, with a note to the model if you like: {"note": "use the other tool"}');
        const id = params['id'] ?? '';
        if (agents.pausesNamed(id).length === 0) {
          shown(id);
          throw new AdminError('bad_request', `the agent ${id} is not paused`);
        }
        const resumed = resumeAgents({ agents, journal, clock }, id, note);
        return shownJson({ resumed, stored: await agents.pauses.stored(), agents: directory.find(id) });
      },
    },
  ];
}

/** Lets an agent, or all of a name, go on, with a note to the model where there is one. Returns how many were paused. */
export function resumeAgents({ agents, journal, clock }: Pick<AgentsApi, 'agents' | 'journal' | 'clock'>, id: string, note = ''): number {
  const pauses = agents.pausesNamed(id);
  for (const pause of pauses) {
    agents.resume(pause, note === '' ? undefined : note, clock.now());
    journal.publish({ kind: 'agent-resumed', attempt: 0, agent: pause.agent, note, pausedMs: clock.wall() - pause.sinceMs });
  }
  return pauses.length;
}

/** An id names one caller's agent; a bare name is paused for whoever calls by it, also for those who have not called yet. */
function pauseOf(id: string, reason: string, directory: AgentDirectory, sinceMs: number): Pause {
  const [name = ''] = id.split('~');
  const principal = id.includes('~') ? directory.principalOf(id) : anyPrincipal;
  if (principal === undefined) throw new AdminError('not_found', `no agent ${id} has called`);
  if (!isAgentName(name)) throw new AdminError('bad_request', 'the name of an agent has 1 to 64 of the characters a-z 0-9 . _ -');
  return { agent: name, principal, reason, by: 'person', sinceMs };
}

/** Names of models and of clients are of the callers' making. */
function shownJson(value: object) {
  return json(redactValue(value));
}

function read<T>(schema: z.ZodType<T>, body: unknown, expected: string): T {
  const parsed = schema.safeParse(body ?? {});
  if (!parsed.success) throw new AdminError('bad_request', `expected ${expected}`);
  return parsed.data;
}
