import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isLoopback } from '../settings/address.ts';

/** A forward proxy and what it needs to know: all of it settled at start-up. */
export interface ForwardProxy {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** The head of a CONNECT to the upstream, credentials included. */
  readonly request: string;
}

/** The proxy was not reached or did not lead on. The message is for people: it carries no address and no credentials. */
export class ForwardProxyError extends Error {
  readonly code: string;

  constructor(message: string, code = 'FORWARD_PROXY', cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** More than this is no head of an answer to a CONNECT. */
const longestHeadBytes = 16 * 1024;
const headEnd = '\r\n\r\n';

/**
 * The proxy that the environment names for an upstream; undefined where it is reached directly. What is on this machine is
 * never sent through one. Throws where the variable holds no URL of an HTTP proxy.
 */
export function forwardProxyFor(url: URL, env: NodeJS.ProcessEnv): ForwardProxy | undefined {
  const secure = url.protocol === 'https:';
  const text = secure ? (env['https_proxy'] ?? env['HTTPS_PROXY']) : (env['http_proxy'] ?? env['HTTP_PROXY']);
  if (!text || isLoopback(bare(url.hostname)) || leadsPast(env['no_proxy'] ?? env['NO_PROXY'] ?? '', url)) return undefined;
  try {
    return parsed(text, `${url.hostname}:${portOf(url)}`);
  } catch {
    // The text is not shown, for it may hold a password.
    throw new Error(`${secure ? 'HTTPS_PROXY' : 'HTTP_PROXY'} is not a URL such as http://proxy.example:3128.`);
  }
}

/**
 * Whether a list as in NO_PROXY names an upstream: by its host or a domain above it (`*.domain` for what is under it alone),
 * by `*`, each with a port or without.
 */
export function leadsPast(noProxy: string, url: URL): boolean {
  const host = bare(url.hostname).replace(/\.$/, '');
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => {
      // Only in brackets has an IPv6 address a port.
      const [, bracketed, named, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
      const name = bracketed ?? named ?? entry;
      if (name === '' || (port !== undefined && Number(port) !== portOf(url))) return false;
      if (name === '*') return true;
      const domain = name.replace(/^\*?\./, '').replace(/\.$/, '');
      return domain !== '' && ((host === domain && !name.startsWith('*')) || host.endsWith(`.${domain}`));
    });
}

/**
 * Opens a tunnel through the returned socket; destroying that gives the tunnel up. `opened` is called once, later: with
 * null when the proxy has answered 200 and the socket leads to the upstream, or else with a ForwardProxyError.
 */
export function openTunnel(proxy: ForwardProxy, opened: (error: Error | null) => void): Socket {
  const { secure, host, port } = proxy;
  const socket = secure
    ? connectTls({ host, port, ALPNProtocols: ['http/1.1'], ...(isIP(host) === 0 && { servername: host }) })
    : connect({ host, port });
  let received = Buffer.alloc(0);
  let asked = false;
  let settled = false;

  function fail(error: Error): void {
    if (settled) return;
    settled = true;
    opened(error);
    socket.destroy();
  }

  function read(): void {
    for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null) {
      received = Buffer.concat([received, chunk]);
    }
    const end = received.indexOf(headEnd);
    if (end > longestHeadBytes || (end < 0 && received.byteLength > longestHeadBytes)) {
      fail(new ForwardProxyError('its forward proxy answered CONNECT with a head that is too long'));
    } else if (end >= 0) answered(end);
  }

  function answered(end: number): void {
    const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(received.toString('latin1', 0, end + headEnd.length))?.[1];
    if (settled) return;
    if (status === undefined) {
      fail(new ForwardProxyError('its forward proxy did not answer in valid HTTP'));
    } else if (status !== '200') {
      fail(new ForwardProxyError(`its forward proxy refused the connection with status ${status}`));
    } else {
      settled = true;
      socket.off('readable', read);
      const rest = received.subarray(end + headEnd.length);
      if (rest.byteLength > 0) socket.unshift(rest);
      opened(null);
    }
  }

  socket.setNoDelay(true).setKeepAlive(true, 60_000);
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    asked = true;
    socket.write(proxy.request);
  });
  socket.on('readable', read);
  // It stays, so that an error behind the back of whoever has the socket then ends no process.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const { code } = error;
    const reason = asked ? 'the connection to its forward proxy failed' : 'its forward proxy cannot be reached';
    fail(new ForwardProxyError(`${reason}${code === undefined ? '' : ` (${code})`}`, code, error));
  });
  const closed = () => fail(new ForwardProxyError('its forward proxy refused the connection: it closed it without a status'));
  socket.once('end', closed).once('close', closed);
  return socket;
}

function parsed(text: string, authority: string): ForwardProxy {
  const url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error('not HTTP');
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const field = credentials === ':' ? '' : `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`;
  const request = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${field}\r\n`;
  return { secure: url.protocol === 'https:', host: bare(url.hostname), port: portOf(url), request };
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
