import { isAgentName } from './agent-id.ts';

/** Clients that are agents of their own, by how their user agent begins. A library's name says nothing of who uses it. */
const agents: readonly (readonly [prefix: string, name: string])[] = [
  ['claude-cli/', 'claude-code'],
  ['codex_', 'codex'],
  ['codex-', 'codex'],
  ['opencode/', 'opencode'],
  ['geminicli', 'gemini-cli'],
  ['gemini-cli-', 'gemini-cli'],
  ['qwencode/', 'qwen-code'],
  ['cline/', 'cline'],
  ['aider/', 'aider'],
  ['goose/', 'goose'],
];

/** The agent that a program is by itself, by its user agent or by the `originator` that Codex sends beside it. */
export function knownClient(told: string): string | undefined {
  const lower = told.toLowerCase();
  return agents.find(([prefix]) => lower.startsWith(prefix))?.[1];
}

/** Names that libraries give to whoever uses them. */
const ofLibraries: ReadonlySet<string> = new Set(['mcp', 'client', 'mcp-client', 'example-client', 'ai-sdk-mcp-client']);

/** The agent that a program says it is, in the form of an agent's name; undefined where it says nothing that tells it apart. */
export function namedClient(told: string | undefined): string | undefined {
  if (told === undefined) return undefined;
  const known = knownClient(told);
  if (known !== undefined) return known;
  const name = told.trim().toLowerCase().replace(/\s+/gu, '-');
  return isAgentName(name) && !ofLibraries.has(name) ? name : undefined;
}
