import type { Sidecar } from '../../src/sidecar.ts';
import { provider } from '../clients/both-ways.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import { temporaryDirectory } from '../kit/temporary-directory.ts';

/** A model that says `done`, whatever it is asked. */
export function model(): ReturnType<typeof provider> {
  return provider([{ match: {}, response: { content: 'done', usage: { prompt_tokens: 90, completion_tokens: 10 } } }]);
}

/** A sidecar with loop detection on its one route. */
export function watched(url: string, dialect: string, loopDetection: object, more: Record<string, unknown> = {}): Promise<Sidecar> {
  const { policy, ...rest } = more;
  return sidecar({
    state: { dir: temporaryDirectory() },
    upstreams: { main: { url, dialect } },
    policies: { llm: { loopDetection, ...(policy as object) } },
    routes: [{ path: '/', upstream: 'main', policy: 'llm' }],
    ...rest,
  });
}

export const urlOf = ({ proxy }: Sidecar) => `http://${proxy.host}:${proxy.port}`;

/** How many loops the sidecar has told of, as `kind action`. */
export async function loopsOf({ admin }: Sidecar): Promise<Record<string, number>> {
  const text = await (await fetch(`http://${admin.host}:${admin.port}/metrics`)).text();
  const found = [...text.matchAll(/^outrigger_loops_detected_total\{kind="([\w-]+)",action="(\w+)"\} (\d+)$/gm)];
  return Object.fromEntries(
    found.filter(([, , , count]) => count !== '0').map(([, kind, action, count]) => [`${kind} ${action}`, Number(count)]),
  );
}

/** Lets an agent go on, as a person does by the admin port. */
export async function resume({ admin }: Sidecar, agent: string, note = ''): Promise<number> {
  const url = `http://${admin.host}:${admin.port}/api/agents/${encodeURIComponent(agent)}/resume`;
  const { status } = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ note }) });
  return status;
}
