const agentName = /^[a-z0-9._-]{1,64}$/;

/** Whether agents can be called that. */
export function isAgentName(name: string): boolean {
  return agentName.test(name);
}

/**
 * The id of an agent in the API: its name and, behind a `~`, the first part of its caller's tag. Two callers who give their
 * agents the same name have different ids.
 */
export function agentId(name: string, principal: string): string {
  return principal === '' ? name : `${name}~${principal.slice(0, 8)}`;
}
