import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../settings/address.ts';
import { AdminError } from './admin-error.ts';
import type { AdminSettings } from './settings.ts';

/** Paths that a probe or a scraper reads without a token. */
const open: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** Below it a signature in the path stands for the token, and pages of other sites, such as a chat or mails, may lead there. */
const signed = '/links/';

/**
 * Throws `forbidden` for a call by a foreign name (a web page whose name was made to point here, DNS rebinding) and for
 * one that a page of another site makes its visitor's browser send.
 */
export function checkCaller(
  request: IncomingMessage,
  path: string,
  { hosts, publicUrl }: Pick<AdminSettings, 'hosts' | 'publicUrl'>,
): void {
  const { host, origin } = request.headers;
  const called = parseHost(host ?? '');
  const publicName = publicUrl === undefined ? undefined : new URL(publicUrl).hostname;
  if (!called || !(isOurs(called, hosts, request.socket.localAddress) || called.name === bare(publicName))) {
    throw new AdminError('forbidden', 'this Host is not served; admin.hosts may name it');
  }
  // Whoever reads changes nothing, and sees what the signature gives them.
  if (path.startsWith(signed) && request.method !== 'POST') return;
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site' || (origin !== undefined && !isSameSite(origin, called.name) && !isSameSite(origin, bare(publicName)))) {
    throw new AdminError('forbidden', 'calls from other sites are not served');
  }
}

/** Throws `unauthorized` where a token is set, the path needs it, and the request has it neither as a bearer token nor as a password. */
export function checkToken(request: IncomingMessage, path: string, token: AdminSettings['token']): void {
  if (token === undefined || open.has(path) || path.startsWith(signed)) return;
  const given = tokenIn(request.headers.authorization ?? '');
  if (given !== undefined && equal(given, token)) return;
  throw new AdminError(
    'unauthorized',
    'this needs Authorization: Bearer with the token of admin.token; a browser takes it as the password of any user',
    // A field each: browsers do not look for a second challenge in one.
    { 'www-authenticate': ['Bearer realm="outrigger"', 'Basic realm="outrigger"'] },
  );
}

/** RFC 6750, 2.1; or RFC 7617, which browsers ask their users for: the password, whatever the name. */
function tokenIn(authorization: string): string | undefined {
  const [, scheme, credentials = ''] = /^(Bearer|Basic) +(\S+) *$/i.exec(authorization) ?? [];
  if (scheme?.toLowerCase() !== 'basic') return scheme && credentials;
  const pair = Buffer.from(credentials, 'base64').toString();
  const colon = pair.indexOf(':');
  return colon < 0 ? undefined : pair.slice(colon + 1);
}

interface Host {
  /** Lower-cased, without brackets and without a dot at its end. */
  readonly name: string;
  readonly port: string | undefined;
}

function parseHost(text: string): Host | undefined {
  const [, name, port] = /^(\[[0-9a-f:.]+\]|[^\s:[\]/@\\?#]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  return name === undefined
    ? undefined
    : {
        name: bare(name.toLowerCase()),
        port,
      };
}

function bare<T extends string | undefined>(name: T): T | string {
  return name?.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '') ?? name;
}

/** The address that the connection came in by is as good as loopback: no name was asked for it, so none can be rebound. */
function isOurs(called: Host, hosts: AdminSettings['hosts'], localAddress: string | undefined): boolean {
  if (isLoopback(called.name) || called.name === localAddress?.replace(/^::ffff:/, '')) return true;
  return hosts.some((text) => {
    const host = parseHost(text);
    return host?.name === called.name && (host.port === undefined || host.port === called.port);
  });
}

function isSameSite(origin: string, calledName: string | undefined): boolean {
  const name = parseHost(URL.parse(origin)?.hostname ?? '')?.name;
  return name !== undefined && calledName !== undefined && (name === calledName || (isLoopback(name) && isLoopback(calledName)));
}

/** Takes the same time wherever the first difference is, and whatever the lengths. */
function equal(given: string, token: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', token, 'buffer'));
}
