import type { AgentWorld } from './agent-world.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Calls a path of the sidecar under the agent's name and reads the whole answer. Without a body, it is a GET. */
export async function callSidecar(world: AgentWorld, agent: string, path: string, body?: object, signal = world.signal): Promise<Answer> {
  const response = await fetch(`${world.proxy}/@${agent}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer demo-${agent}`,
      accept: 'application/json, text/event-stream',
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal,
  });
  return { status: response.status, text: await response.text() };
}

/** What goes on between an agent's pieces of work: a person lets it go on after a pause, with a note to its model. */
export async function letGoOn({ admin, adminToken, signal }: AgentWorld, agent: string, note: string): Promise<void> {
  await fetch(`${admin}/api/agents/${agent}/resume`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(adminToken !== undefined && { authorization: `Bearer ${adminToken}` }) },
    body: JSON.stringify({ note }),
    signal,
  });
}
