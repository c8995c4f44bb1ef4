/** Clients that are agents of their own, by how their user agent begins. A library's name says nothing of who uses it. */
const agents: readonly (readonly [prefix: string, name: string])[] = [
  ['claude-cli/', 'claude-code'],
  ['codex_', 'codex'],
  ['codex-', 'codex'],
  ['opencode/', 'opencode'],
  ['geminicli', 'gemini-cli'],
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
