/** What traces tell of an upstream, and what it may be told. */
export interface UpstreamFacts {
  /** Undefined for the built-in provider. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Agents' baggage may be passed on to it. */
  readonly baggage: boolean;
}

/** By the URL of the upstream; `baggage` are the patterns of hosts that get it. */
export function upstreamFacts(url: string, baggage: readonly string[]): UpstreamFacts {
  const parsed = URL.parse(url);
  if (!parsed?.host) return { host: undefined, port: undefined, baggage: false };
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = Number(parsed.port || (parsed.protocol === 'https:' ? 443 : 80));
  return { host, port, baggage: baggage.some((pattern) => matchesHost(pattern, host, port)) };
}

/** Whether a host is meant by a pattern: a host, or `*.` and what it ends in, with or without a port. */
export function matchesHost(pattern: string, host: string, port: number): boolean {
  const [, wanted = '', wantedPort] = /^(.*?)(?::(\d+))?$/.exec(pattern.toLowerCase()) ?? [];
  if (wantedPort !== undefined && Number(wantedPort) !== port) return false;
  return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) : host === wanted;
}
