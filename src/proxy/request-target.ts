/** Where a request wants to go, read from its request line. Path and query stay as they were written. */
export type RequestTarget =
  | { kind: 'path'; path: string; agent: string | undefined }
  | { kind: 'refused'; code: 'bad_request'; message: string };

const agentName = /^[a-z0-9._-]{1,64}$/;

/** Whether a name can be an agent's, once it is lower-cased. */
function isAgentName(name: string): boolean {
  return agentName.test(name);
}

/**
 * Reads origin-form, absolute-form of an authority that is our own (RFC 9112, 3.2.2) and `*`; takes an `@agent` off the
 * front. `ownAuthority` tells whether a host and port are where this very connection came in.
 */
export function parseTarget(target: string, ownAuthority: (authority: string) => boolean): RequestTarget {
  let path = target;
  if (!path.startsWith('/') && path !== '*') {
    const [, authority, rest] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(path) ?? [];
    if (authority === undefined) return refused('The request target is neither a path nor a URL.');
    if (!ownAuthority(authority)) return refused('This is no open proxy: the request target names a host that is not served here.');
    path = rest?.startsWith('/') ? rest : `/${rest ?? ''}`;
  }
  if (path.includes('#')) return refused('A request target has no fragment.');
  // Bytes that HTTP does not allow in a target; what the parser lets through must not reach an upstream.
  if (hasControls(path)) return refused('The request target holds a space or a control character.');
  if (!path.startsWith('/@')) return { kind: 'path', path, agent: undefined };
  const end = /[/?]|$/.exec(path.slice(2))?.index ?? 0;
  const name = path.slice(2, 2 + end).toLowerCase();
  if (!isAgentName(name)) return refused('The agent name behind @ has 1 to 64 of the characters a-z 0-9 . _ -');
  const rest = path.slice(2 + end);
  return { kind: 'path', path: rest.startsWith('/') ? rest : `/${rest}`, agent: name };
}

function hasControls(path: string): boolean {
  for (let i = 0; i < path.length; i += 1) {
    const code = path.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}

function refused(message: string): RequestTarget {
  return { kind: 'refused', code: 'bad_request', message };
}
