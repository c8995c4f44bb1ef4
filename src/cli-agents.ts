import { z } from 'zod';
import { type AskOptions, askSidecar } from './ask-sidecar.ts';

const agentsAnswer = z.object({
  agents: z.array(
    z.object({
      id: z.string(),
      client: z.string().nullable(),
      models: z.array(z.string()),
      sessions: z.number(),
      requests: z.number(),
      tokens: z.number(),
      costUsd: z.number(),
      lastSeen: z.string().nullable(),
      state: z.string(),
      pause: z.object({ reason: z.string(), since: z.string() }).nullable(),
    }),
  ),
});

/** Sidecars of before do not say. */
const storedAnswer = z.object({ stored: z.boolean().default(true) });

/** `outrigger agents`: a table of the agents that have called a running sidecar. Rejects with an `AskError`. */
export async function showAgents(options: AskOptions): Promise<string> {
  const { agents } = agentsAnswer.parse(await askSidecar('/api/agents', undefined, options));
  if (agents.length === 0) return 'No agent has called yet.\n';
  const rows = agents.map((agent) => [
    agent.id,
    agent.state,
    String(agent.requests),
    String(agent.tokens),
    `$${agent.costUsd.toFixed(2)}`,
    agent.lastSeen?.replace(/\.\d+Z$/, 'Z') ?? 'never',
    agent.models.slice(0, 3).join(', ') || '-',
    agent.client ?? '-',
  ]);
  const paused = agents.flatMap(({ id, pause }) => (pause ? [`${id} is paused since ${pause.since}: ${pause.reason}\n`] : []));
  return table([['AGENT', 'STATE', 'REQUESTS', 'TOKENS', 'COST', 'LAST SEEN', 'MODELS', 'CLIENT'], ...rows]) + paused.join('');
}

/** `outrigger pause AGENT`. */
export async function pauseAgent(agent: string, reason: string | undefined, options: AskOptions): Promise<string> {
  const told = await askSidecar(`/api/agents/${encodeURIComponent(agent)}/pause`, { reason: reason ?? 'paused by hand' }, options);
  return `${agent} is paused${untilWhen(told)}. Let it go on by: outrigger resume ${agent}\n`;
}

/** `outrigger resume AGENT`; the note is given to the model once. */
export async function resumeAgent(agent: string, note: string | undefined, options: AskOptions): Promise<string> {
  await askSidecar(`/api/agents/${encodeURIComponent(agent)}/resume`, note === undefined ? {} : { note }, options);
  return `${agent} may go on.\n`;
}

/** Where the pause could not be written down. */
function untilWhen(told: unknown): string {
  const { stored } = storedAnswer.parse(told);
  return stored ? '' : ' until the sidecar ends, because its state directory cannot be written to: see its log and /api/health';
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
